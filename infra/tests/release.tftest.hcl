# What rolls a release back when no releaser is running. Needs no credentials and no network.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cognito_user_pool" {
    defaults = { arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Example" }
  }
  mock_resource "aws_cognito_user_pool_client" {
    defaults = { id = "1example23456789" }
  }
  mock_resource "aws_cognito_resource_server" {
    defaults = { scope_identifiers = ["parcels/read", "parcels/write"] }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:example" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/example" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:example", version = "7" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:example" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/example" }
  }
  mock_resource "aws_api_gateway_stage" {
    defaults = { arn = "arn:aws:apigateway:eu-central-1::/restapis/abcde12345/stages/v1", invoke_url = "https://abcde12345.execute-api.eu-central-1.amazonaws.com/v1" }
  }
}

variables {
  name             = "depot"
  region           = "eu-central-1"
  env              = "test"
  package          = "tests/fixture/functions.zip"
  rollback_package = "tests/fixture/functions.zip"
  contract         = "tests/fixture/contract.json"
  service          = "tests/fixture/service.json"
  own_actions      = { stamp_parcel = ["dynamodb:GetItem", "dynamodb:UpdateItem"] }
}

run "the_rollback_function_may_move_the_aliases_and_the_stage_write_its_record_compare_reset_and_remove_its_alarms_stop_counting_log_and_report_and_nothing_else" {
  command = plan

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.rollback.policy).Statement : statement.Sid => [statement.Effect, join(" ", flatten([statement.Action])), statement.Resource] } == {
      Aliases = ["Allow", "lambda:GetAlias lambda:UpdateAlias", [
        for name in ["change_parcel", "drop_parcel", "get_parcel", "list_parcels", "send_parcel", "stamp_parcel"] : "arn:aws:lambda:eu-central-1:123456789012:function:depot-test-${name}"
      ]]
      Evidence = ["Allow", "cloudwatch:DescribeAlarms cloudwatch:GetMetricData", "*"]
      Alarms = ["Allow", "cloudwatch:DeleteAlarms cloudwatch:SetAlarmState", [
        for name in ["*-canary-*", "release-stuck", "rollback-failed"] : "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:depot-test-${name}"
      ]]
      MetricFilters = ["Allow", "logs:DeleteMetricFilter logs:DescribeMetricFilters", flatten([
        for name in ["change_parcel", "drop_parcel", "get_parcel", "list_parcels", "send_parcel", "stamp_parcel"] : [
          for end in ["", ":*"] : "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/depot-test-${name}${end}"
        ]
      ])]
      Record    = ["Allow", "dynamodb:GetItem dynamodb:PutItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/example"]
      Logs      = ["Allow", "logs:CreateLogStream logs:PutLogEvents", "arn:aws:logs:eu-central-1:123456789012:log-group:example:*"]
      Topic     = ["Allow", "sns:Publish", ["arn:aws:sns:eu-central-1:123456789012:example"]]
      Dashboard = ["Allow", "cloudwatch:GetDashboard cloudwatch:PutDashboard", ["arn:aws:cloudwatch::123456789012:dashboard/depot-test"]]
      Gateway   = ["Allow", "apigateway:GET apigateway:PATCH", "arn:aws:apigateway:eu-central-1::/restapis/abcde12345/stages/v1"]
    }
    error_message = "The role's policy is not exactly what the function needs."
  }
}

run "alarms_of_a_release_may_call_the_rollback_function_and_nothing_else_may" {
  command = plan

  assert {
    condition     = aws_lambda_permission.stuck_alarm.principal == "lambda.alarms.cloudwatch.amazonaws.com" && aws_lambda_permission.stuck_alarm.source_arn == "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:depot-test-release-stuck"
    error_message = "A principal other than the alarm on a release that takes too long may call the function."
  }
  assert {
    condition     = aws_lambda_permission.canary_alarms.principal == "lambda.alarms.cloudwatch.amazonaws.com" && aws_lambda_permission.canary_alarms.source_arn == "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:depot-test-*-canary-*"
    error_message = "A principal other than these alarms may call the function."
  }
}

run "the_releaser_learns_whom_its_alarms_call_and_notify" {
  command = plan

  assert {
    condition = output.release_alarms == {
      rollback = aws_lambda_function.rollback.arn, topic = aws_sns_topic.alarms.arn, runbook = "docs/runbook.md", cause = 300, release = 3600
    }
    error_message = "The alarms of a release would call or notify somebody else."
  }
}

run "a_release_reports_to_the_topic_of_the_alarms_the_dashboard_and_the_webhook" {
  command = plan

  variables {
    release_webhook = "/depot/test/webhook"
  }

  assert {
    condition = output.release_notices == {
      stack = "depot-test", runbook = "docs/runbook.md", topic = aws_sns_topic.alarms.arn, webhook = "/depot/test/webhook", dashboard = "depot-test", table = "depot-test-releases"
    } && jsondecode(aws_lambda_function.rollback.environment[0].variables.NOTICES) == output.release_notices
    error_message = "A release, or the function that rolls it back, would report to somebody else."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.rollback.policy).Statement : statement.Resource if statement.Sid == "Webhook"] == [["arn:aws:ssm:eu-central-1:123456789012:parameter/depot/test/webhook"]]
    error_message = "The function cannot read the webhook's address, or it can read other parameters."
  }
}

run "an_address_that_is_no_secret_needs_no_parameter" {
  command = plan

  variables {
    release_webhook = "https://hooks.example.com/services/a?b=c"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.rollback.policy, "ssm:")
    error_message = "The function may read a parameter."
  }
}

run "the_dashboard_of_a_new_environment_has_no_lines_of_releases" {
  command = plan

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.dashboard[0].item).annotations.S == "[]" && length(local.lines) == 0
    error_message = "A new environment has lines already."
  }
}

run "without_alarms_a_release_has_none_either" {
  command = plan

  variables {
    alarms = false
  }

  assert {
    condition     = output.release_notices.topic == null && output.release_notices.dashboard == null && length(aws_dynamodb_table_item.dashboard) == 0
    error_message = "A release would report to an environment's alarms that it does not have."
  }

  assert {
    condition     = output.release_alarms == null
    error_message = "A release would make alarms in an environment without alarms."
  }
}
