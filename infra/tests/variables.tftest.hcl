# The values that variables refuse, before anything is applied. Needs no credentials and no network.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
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

run "values_out_of_range_are_rejected" {
  command = plan
  variables {
    name               = "Items"
    trash_days         = 3651
    gateway_scopes     = "none"
    threat_protection  = "SOME"
    web_origins        = ["http://depot.example.com"]
    web_domain         = { name = "depot.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1" }
    waf_rate_limit     = 1
    throttling         = { rate = 0, burst = 1 }
    function_settings  = { timeout = 30 }
    log_retention_days = 2
    trace_share        = 5
    alarm_emails       = ["nobody"]
    slo                = { availability = 1 }
    alarm_counts       = { least = 0 }
    monthly_budget_usd = 0
  }
  expect_failures = [
    var.name, var.trash_days, var.gateway_scopes, var.threat_protection, var.web_origins, var.web_domain,
    var.waf_rate_limit, var.throttling, var.function_settings, var.log_retention_days, var.trace_share, var.alarm_emails,
    var.slo, var.alarm_counts, var.monthly_budget_usd,
  ]
}

run "fraction_of_a_burst_without_a_token_is_rejected" {
  command = plan
  variables {
    throttling = { rate = 1, burst = 1, without_token = { rate = 1, burst = 0.5 } }
  }
  expect_failures = [var.throttling]
}

run "an_owner_other_than_the_caller_or_all_is_rejected" {
  command = plan
  variables {
    ownership = "nobody"
  }
  expect_failures = [var.ownership]
}

run "shared_data_with_more_writes_than_a_partition_takes_is_rejected" {
  command = plan
  variables {
    ownership  = "shared"
    throttling = { rate = 200, burst = 200 }
  }
  expect_failures = [var.ownership]
}

run "shared_data_with_the_usual_rate_is_accepted" {
  command = plan
  variables {
    ownership = "shared"
  }
}

run "half_a_day_of_trash_is_rejected" {
  command = plan
  variables {
    trash_days = 0.5
  }
  expect_failures = [var.trash_days]
}

run "a_sign_in_prefix_that_cognito_reserves_is_rejected" {
  command = plan
  variables {
    sign_in_prefix = "my-cognito"
  }
  expect_failures = [var.sign_in_prefix]
}

run "names_that_aws_reserves_are_rejected" {
  command = plan
  variables {
    name = "jaws"
  }
  expect_failures = [var.name]
}

run "a_name_that_amazon_s3_reserves_is_rejected" {
  command = plan
  variables {
    name = "sthree-depot"
  }
  expect_failures = [var.name]
}

run "a_name_that_reaches_into_another_service_is_rejected" {
  command = plan
  variables {
    name = "depot-ci"
  }
  expect_failures = [var.name]
}

run "an_operation_whose_role_would_have_too_long_a_name_is_rejected" {
  command = plan
  variables {
    service     = "tests/fixture/long.json"
    own_actions = { stamp_parcel_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx = [] }
  }
  expect_failures = [var.name]
}

run "names_that_the_stack_uses_itself_are_rejected" {
  command = plan
  variables {
    service     = "tests/fixture/clash.json"
    own_actions = { rollback = [] }
  }
  expect_failures = [var.service]
}

run "a_region_that_is_not_a_region_s_name_is_rejected" {
  command = plan
  variables {
    region = "London"
  }
  expect_failures = [var.region]
}

run "a_region_of_another_partition_is_rejected" {
  command = plan
  variables {
    region = "cn-north-1"
  }
  expect_failures = [var.region]
}

run "a_user_pool_in_another_region_is_rejected" {
  command = plan
  variables {
    user_pool_id = "us-east-1_Shared"
  }
  expect_failures = [var.user_pool_id]
}

run "a_name_that_no_environment_can_have_is_rejected" {
  command = plan
  variables {
    env = "pr-a"
  }
  expect_failures = [var.env]
}

run "an_environment_whose_deploys_could_change_the_workflows_roles_is_rejected" {
  command = plan
  variables {
    env = "ci-4"
  }
  expect_failures = [var.env]
}

run "prod_without_alarms_is_rejected" {
  command = plan
  variables {
    env          = "prod-2"
    alarms       = false
    alarm_emails = ["team@example.com"]
    runbook      = "https://example.com/runbook"
  }
  expect_failures = [var.alarms]
}

run "without_alarms_there_is_no_dashboard_either" {
  command = plan
  variables {
    env    = "pr-42"
    alarms = false
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.watched) + length(aws_cloudwatch_dashboard.overview) == 0
    error_message = "An environment without alarms pays for some."
  }
}

run "a_member_of_a_family_has_names_of_its_own_and_the_boundary_of_its_family" {
  command = plan
  variables {
    env = "pr-42"
  }
  assert {
    condition     = aws_dynamodb_table.releases.name == "${var.name}-pr-42-releases" && local.boundary == "arn:aws:iam::${local.account}:policy/${var.name}-pr-boundary"
    error_message = "A member of a family has other names than its own, or another boundary than its family's."
  }
}

run "missing_build_output_is_rejected" {
  command = plan
  variables {
    package     = "tests/fixture/none.zip"
    contract    = "tests/fixture/none.json"
    service     = "tests/fixture/none.json"
    own_actions = {}
  }
  expect_failures = [var.package, var.contract, var.service]
}

run "an_operation_of_its_own_needs_a_line_about_the_table" {
  command = plan
  variables {
    own_actions = {}
  }
  expect_failures = [var.own_actions]
}

# The stacks of the tests have a contract of their own, which does not have the project's own operations.
run "a_line_about_an_operation_that_does_not_exist_grants_nothing" {
  command = plan
  variables {
    own_actions = { stamp_parcel = [], stamp_letter = ["dynamodb:UpdateItem"] }
  }
  assert {
    condition     = !contains(keys(output.functions), "stamp_letter")
    error_message = "There is a function for an operation that the contract does not have."
  }
}

run "an_operation_of_its_own_may_not_read_the_data_of_all_owners" {
  command = plan
  variables {
    own_actions = { stamp_parcel = ["dynamodb:Scan"] }
  }
  expect_failures = [var.own_actions]
}

run "a_window_that_cloudwatch_does_not_support_is_rejected" {
  command = plan
  variables {
    alarm_windows = { cause = 45 }
  }
  expect_failures = [var.alarm_windows]
}

run "a_window_that_ends_before_its_data_arrives_is_rejected" {
  command = plan
  variables {
    alarm_windows = { cause = 120 }
  }
  expect_failures = [var.alarm_windows]
}

run "more_bad_periods_than_there_are_are_rejected" {
  command = plan
  variables {
    alarm_windows = { slow = { period = 600, of = 6, bad = 7, burn = 6 } }
  }
  expect_failures = [var.alarm_windows]
}

run "periods_that_look_back_more_than_a_day_are_rejected" {
  command = plan
  variables {
    alarm_windows = { slow = { period = 600, of = 145, bad = 5, burn = 6 } }
  }
  expect_failures = [var.alarm_windows]
}

run "a_period_for_which_aws_sends_no_data_is_rejected" {
  command = plan
  variables {
    alarm_windows = { fast = { period = 30, of = 10, bad = 6, burn = 14.4 } }
  }
  expect_failures = [var.alarm_windows]
}

run "windows_in_which_no_alarm_could_fire_are_rejected" {
  command = plan
  variables {
    slo           = { latency = 0.9 }
    alarm_windows = { fast = { period = 60, of = 10, bad = 6, burn = 14.4 } }
  }
  expect_failures = [var.alarm_windows]
}

run "prod_rejects_a_password_client" {
  command = plan
  variables {
    env             = "prod"
    password_client = true
    alarm_emails    = ["on-call@example.com"]
    runbook         = "https://wiki.example.com/runbook"
  }
  expect_failures = [var.password_client]
}

run "prod_rejects_alarms_that_notify_nobody_or_link_to_a_file" {
  command = plan
  variables {
    env = "prod"
  }
  expect_failures = [var.alarm_emails, var.runbook]
}

run "addresses_that_a_topic_of_the_teams_would_leave_out_are_rejected" {
  command = plan
  variables {
    alarm_emails = ["on-call@example.com"]
    alarm_topic  = "arn:aws:sns:eu-central-1:123456789012:on-call"
  }
  expect_failures = [var.alarm_emails]
}

run "a_webhook_in_a_parameter_of_another_environment_is_rejected" {
  command = plan
  variables {
    release_webhook = "/depot/prod/webhook"
  }
  expect_failures = [var.release_webhook]
}

run "a_webhook_without_encryption_is_only_for_this_machine" {
  command = plan
  variables {
    release_webhook = "http://127.0.0.1:8000/hook"
  }
  expect_failures = [var.release_webhook]
}

run "a_topic_of_another_region_is_rejected" {
  command = plan
  variables {
    alarm_topic = "arn:aws:sns:us-east-1:123456789012:on-call"
  }
  expect_failures = [var.alarm_topic]
}
