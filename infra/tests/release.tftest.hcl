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

run "the_rollback_function_may_move_the_aliases_write_its_record_compare_reset_its_alarms_and_log_and_nothing_else" {
  command = plan

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.rollback.policy).Statement : statement.Sid => [statement.Effect, join(" ", flatten([statement.Action])), statement.Resource] } == {
      Aliases = ["Allow", "lambda:GetAlias lambda:UpdateAlias", [
        for name in ["change_parcel", "drop_parcel", "get_parcel", "list_parcels", "send_parcel", "stamp_parcel"] : "arn:aws:lambda:eu-central-1:123456789012:function:depot-test-${name}"
      ]]
      Evidence = ["Allow", "cloudwatch:GetMetricData", "*"]
      Alarms   = ["Allow", "cloudwatch:SetAlarmState", "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:depot-test-*-canary-*"]
      Record   = ["Allow", "dynamodb:GetItem dynamodb:PutItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/example"]
      Logs     = ["Allow", "logs:CreateLogStream logs:PutLogEvents", "arn:aws:logs:eu-central-1:123456789012:log-group:example:*"]
    }
    error_message = "The role's policy is not exactly what the function needs."
  }
}

run "each_function_has_alarms_on_crashes_and_on_faults_that_call_the_rollback_function" {
  command = plan

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.canary)) == toset(flatten([
      for name in ["change_parcel", "drop_parcel", "get_parcel", "list_parcels", "send_parcel", "stamp_parcel"] : ["depot-test-${name}-canary-crashes", "depot-test-${name}-canary-faults"]
    ]))
    error_message = "A function of the API has no alarms during a release."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.canary : alarm.alarm_actions == toset([aws_lambda_function.rollback.arn]) && alarm.treat_missing_data == "notBreaching"])
    error_message = "An alarm on the version being released does not roll it back."
  }
  assert {
    condition     = aws_lambda_permission.canary_alarms.principal == "lambda.alarms.cloudwatch.amazonaws.com" && aws_lambda_permission.canary_alarms.source_arn == "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:depot-test-*-canary-*"
    error_message = "A principal other than these alarms may call the function."
  }
}

run "an_apply_does_not_change_which_version_the_alarms_watch" {
  command = plan

  assert {
    # A mocked alarm never changes, so this checks the setting that would keep it.
    condition     = length(aws_cloudwatch_metric_alarm.canary) == 12 && can(regex("ignore_changes = \\[dimensions, threshold\\]", file("release.tf")))
    error_message = "An apply during a release would make the alarms watch another version."
  }
}
