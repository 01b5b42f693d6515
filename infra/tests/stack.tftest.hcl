# The rest of the root module, and the validation of its variables. Needs no credentials and no network.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cognito_user_pool" {
    defaults = { arn = "arn:aws:cognito-idp:eu-west-2:123456789012:userpool/eu-west-2_Example" }
  }
  mock_resource "aws_cognito_user_pool_client" {
    defaults = { id = "1example23456789" }
  }
  mock_resource "aws_cognito_resource_server" {
    defaults = { scope_identifiers = ["items/read", "items/write"] }
  }
  mock_resource "aws_api_gateway_rest_api" {
    defaults = { id = "abcde12345", execution_arn = "arn:aws:execute-api:eu-west-2:123456789012:abcde12345" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/EXAMPLE", domain_name = "d111111abcdef8.cloudfront.net" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-2:123456789012:log-group:example" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/example" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-2:123456789012:example" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-west-2:123456789012:table/example" }
  }
  mock_resource "aws_api_gateway_stage" {
    defaults = { arn = "arn:aws:apigateway:eu-west-2::/restapis/abcde12345/stages/v1", invoke_url = "https://abcde12345.execute-api.eu-west-2.amazonaws.com/v1" }
  }
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:eu-west-2:123456789012:regional/webacl/example/6a7c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
  }
}
variables {
  env              = "test"
  package          = "tests/fixture/functions.zip"
  rollback_package = "tests/fixture/functions.zip"
  contract         = "tests/fixture/contract.json"
  service          = "tests/fixture/service.json"
}

run "each_function_has_exactly_its_actions_on_exactly_its_table_or_index" {
  command = plan

  assert {
    condition = {
      for key, access in local.functions : key => [join(" ", access.actions), trimprefix(access.resource, aws_dynamodb_table.items.arn), access.leading_key]
      } == {
      create_item = ["dynamodb:PutItem", "", "$${aws:PrincipalTag/owner}#*"]
      get_item    = ["dynamodb:GetItem", "", "$${aws:PrincipalTag/owner}#*"]
      update_item = ["dynamodb:GetItem dynamodb:UpdateItem", "", "$${aws:PrincipalTag/owner}#*"]
      delete_item = ["dynamodb:DeleteItem", "", "$${aws:PrincipalTag/owner}#*"]
      list_items  = ["dynamodb:Query", "/index/by_owner", "$${aws:PrincipalTag/owner}"]
    }
    error_message = "A function may do more, or less, than it needs."
  }
}

run "every_role_outside_the_functions_has_the_boundary" {
  command = plan
  variables {
    gateway_logging_role = true
  }

  assert {
    condition = alltrue([
      for role in [aws_iam_role.gateway_logging[0], aws_iam_role.rollback] :
      role.permissions_boundary == "arn:aws:iam::123456789012:policy/items-test-boundary"
    ])
    error_message = "A role can do more than the boundary."
  }
}

run "the_table_is_keyed_by_owner_and_protected" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.items.hash_key == "id" && aws_dynamodb_table.items.range_key == null && aws_dynamodb_table.items.billing_mode == "PAY_PER_REQUEST"
    error_message = "The key or the billing mode is not the expected one."
  }
  assert {
    condition = [
      for index in aws_dynamodb_table.items.global_secondary_index : [index.name, index.hash_key, index.range_key, index.projection_type]
    ] == [["by_owner", "owner", "created_at", "ALL"]]
    error_message = "The index is not by_owner as the functions use it."
  }
  assert {
    condition     = aws_dynamodb_table.items.point_in_time_recovery[0].enabled && aws_dynamodb_table.items.server_side_encryption[0].enabled && aws_dynamodb_table.items.ttl[0].attribute_name == "expires_at"
    error_message = "Recovery, encryption or the TTL attribute is missing."
  }
  assert {
    condition     = aws_dynamodb_table.items.deletion_protection_enabled && aws_cognito_user_pool.users.deletion_protection == "ACTIVE"
    error_message = "Data is not protected by default."
  }
}

run "the_web_client_uses_the_authorization_code_flow_and_has_no_secret" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool_client.web.allowed_oauth_flows == toset(["code"]) && !aws_cognito_user_pool_client.web.generate_secret
    error_message = "The web client's flow is not the authorization code, or it has a secret."
  }
  assert {
    condition     = aws_cognito_user_pool_client.web.access_token_validity == 60 && aws_cognito_user_pool_client.web.token_validity_units[0].access_token == "minutes" && aws_cognito_user_pool_client.web.refresh_token_rotation[0].feature == "ENABLED"
    error_message = "Access tokens are valid for longer than an hour, or refresh tokens are not rotated."
  }
  assert {
    condition     = aws_cognito_user_pool_client.web.callback_urls == toset(["https://d111111abcdef8.cloudfront.net/"])
    error_message = "Users would be redirected to an address other than the CDN."
  }
  assert {
    condition     = aws_cognito_user_pool_client.machine.allowed_oauth_flows == toset(["client_credentials"]) && aws_cognito_user_pool_client.machine.generate_secret
    error_message = "The machine client does not use client credentials with a secret."
  }
  assert {
    condition     = length(aws_cognito_user_pool_client.password) == 0
    error_message = "There is a password client by default."
  }
}

run "a_web_app_served_from_this_machine_needs_no_cdn" {
  command = plan
  variables {
    env         = "local"
    cdn         = false
    web_origins = ["http://127.0.0.1:5173"]
  }
  override_data {
    target          = data.aws_caller_identity.current
    override_during = plan
    values          = { account_id = "000000000000" }
  }

  assert {
    condition     = length(aws_cloudfront_distribution.site) == 0 && output.web_url == "http://127.0.0.1:5173"
    error_message = "There is a distribution, or web_url is not the local origin."
  }
  assert {
    condition     = aws_cognito_user_pool_client.web.callback_urls == toset(["http://127.0.0.1:5173/"])
    error_message = "The local web app is not a callback URL."
  }
}

run "the_web_app_may_connect_only_to_the_api_and_to_sign_in" {
  command = plan

  assert {
    condition     = strcontains(local.site_headers["Content-Security-Policy"], "connect-src 'self' https://abcde12345.execute-api.eu-west-2.amazonaws.com https://items-test-123456789012.auth.eu-west-2.amazoncognito.com https://cognito-idp.eu-west-2.amazonaws.com;")
    error_message = "connect-src does not list exactly those origins."
  }
  assert {
    condition     = strcontains(local.site_headers["Content-Security-Policy"], "default-src 'none'") && strcontains(local.site_headers["Content-Security-Policy"], "frame-ancestors 'none'") && length(regexall("unsafe|\\*", local.site_headers["Content-Security-Policy"])) == 0
    error_message = "The content security policy is not strict."
  }
  assert {
    condition     = aws_cloudfront_response_headers_policy.site[0].security_headers_config[0].content_security_policy[0].content_security_policy == local.site_headers["Content-Security-Policy"]
    error_message = "The content security policy is not sent."
  }
  assert {
    condition = toset(keys(local.site_headers)) == toset(concat(
      ["Content-Security-Policy", "Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options"],
      [for header in aws_cloudfront_response_headers_policy.site[0].custom_headers_config[0].items : header.header],
    ))
    error_message = "A header of site_headers.json is not sent."
  }
}

run "the_web_app_s_configuration_is_uploaded_beside_it" {
  command = plan

  assert {
    condition     = keys(jsondecode(aws_s3_object.web_config[0].content)) == ["api_url", "cognito_url", "hosted_ui_url", "region", "user_pool_client_id", "user_pool_id"]
    error_message = "A setting of the web app is missing."
  }
}

run "a_custom_domain_requires_tls_1_2" {
  command = plan
  variables {
    web_domain = { name = "items.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
  }

  assert {
    condition     = aws_cloudfront_distribution.site[0].viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" && output.web_url == "https://items.example.com"
    error_message = "The domain is not served, or accepts an older TLS version."
  }
}

run "every_operation_and_both_objectives_have_alarms" {
  command = plan

  assert {
    condition     = toset([for name in keys(local.causes) : trimsuffix(name, "-faults") if endswith(name, "-faults")]) == toset(keys(local.functions))
    error_message = "An operation has no alarm."
  }
  assert {
    condition     = alltrue([for key, cause in local.causes : cause.metrics.crashes[3].Resource == "items-test-${trimsuffix(key, "-faults")}:prod" if endswith(key, "-faults")])
    error_message = "An alarm does not watch exactly alias prod."
  }
  assert {
    condition = { for name, alarm in aws_cloudwatch_composite_alarm.burn : name => alarm.alarm_rule } == {
      for name in ["availability-fast", "availability-slow", "latency-fast", "latency-slow"] :
      name => "ALARM(\"items-test-${name}-long\") AND ALARM(\"items-test-${name}-short\")"
    }
    error_message = "A burn-rate alarm does not watch both of its windows."
  }
  assert {
    condition = {
      for name in ["availability-fast-long", "availability-fast-short", "availability-slow-long", "availability-slow-short", "latency-fast-long", "latency-slow-short"] :
      name => [local.alarms[name].period, floor(10000 * local.alarms[name].threshold + 0.5)]
      } == {
      availability-fast-long  = [3600, 144]
      availability-fast-short = [300, 144]
      availability-slow-long  = [21600, 60]
      availability-slow-short = [1800, 60]
      latency-fast-long       = [3600, 1440]
      latency-slow-short      = [1800, 600]
    }
    error_message = "The windows or burn rates are not those of the SRE workbook."
  }
}

run "an_alarm_notifies_of_its_start_and_end_and_names_its_runbook_page" {
  command = plan

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.watched :
      alarm.alarm_actions == (local.alarms[name].notifies ? toset([aws_sns_topic.alarms.arn]) : toset([])) && alarm.ok_actions == alarm.alarm_actions
    ]) && alltrue([for alarm in aws_cloudwatch_composite_alarm.burn : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && alarm.ok_actions == alarm.alarm_actions])
    error_message = "An alarm does not notify of its start and end, or a single window does."
  }
  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.watched), values(aws_cloudwatch_metric_alarm.canary)) :
      can(regex("\\. Runbook: docs/runbook\\.md#[a-z-]+$", alarm.alarm_description))
    ]) && alltrue([for alarm in aws_cloudwatch_composite_alarm.burn : can(regex("\\. Runbook: docs/runbook\\.md#[a-z-]+$", alarm.alarm_description))])
    error_message = "An alarm's description does not end with its runbook page."
  }
}

run "a_null_budget_creates_no_budget" {
  command = plan
  variables {
    monthly_budget_usd = null
  }

  assert {
    condition     = length(aws_budgets_budget.account) == 0
    error_message = "A budget was created."
  }
}

run "a_window_that_cloudwatch_does_not_support_is_rejected" {
  command = plan
  variables {
    alarm_windows = { cause = 45 }
  }
  expect_failures = [var.alarm_windows]
}

run "windows_in_which_no_alarm_could_fire_are_rejected" {
  command = plan
  variables {
    slo           = { latency = 0.9 }
    alarm_windows = { fast = { long = 3600, short = 300, burn = 14.4 } }
  }
  expect_failures = [var.alarm_windows]
}

run "the_web_acl_is_attached_to_the_api" {
  command = plan
  variables {
    waf = true
  }

  assert {
    condition     = length(aws_wafv2_web_acl_association.api) == 1 && length(aws_wafv2_web_acl.api[0].rule) == 3
    error_message = "The web ACL is not in front of the API."
  }
}

run "prod_rejects_a_password_client" {
  command = plan
  variables {
    env             = "prod"
    password_client = true
  }
  expect_failures = [var.password_client]
}

run "local_rejects_an_aws_account" {
  command = plan
  variables {
    env = "local"
  }
  expect_failures = [data.aws_caller_identity.current]
}

run "aws_environments_reject_the_emulator" {
  command = plan
  variables {
    env = "prod"
  }
  override_data {
    target          = data.aws_caller_identity.current
    override_during = plan
    values          = { account_id = "000000000000" }
  }
  expect_failures = [data.aws_caller_identity.current]
}

run "a_web_app_without_an_origin_fails_the_plan" {
  command = plan
  variables {
    cdn = false
  }
  expect_failures = [aws_cognito_user_pool_client.web]
}

run "values_out_of_range_are_rejected" {
  command = plan
  variables {
    name               = "Items"
    region             = "London"
    ownership          = "nobody"
    threat_protection  = "SOME"
    sign_in_prefix     = "my-cognito"
    web_origins        = ["http://items.example.com"]
    web_domain         = { name = "items.example.com", certificate_arn = "arn:aws:acm:eu-west-2:123456789012:certificate/1" }
    waf_rate_limit     = 1
    throttling         = { rate = 0, burst = 1 }
    function_settings  = { timeout = 30 }
    log_retention_days = 2
    alarm_emails       = ["nobody"]
    slo                = { availability = 1 }
    alarm_counts       = { least = 0 }
    monthly_budget_usd = 0
  }
  expect_failures = [
    var.name, var.region, var.ownership, var.threat_protection, var.sign_in_prefix, var.web_origins, var.web_domain,
    var.waf_rate_limit, var.throttling, var.function_settings, var.log_retention_days, var.alarm_emails,
    var.slo, var.alarm_counts, var.monthly_budget_usd,
  ]
}

run "an_unknown_environment_is_rejected" {
  command = plan
  variables {
    env = "staging"
  }
  expect_failures = [var.env]
}

run "missing_build_output_is_rejected" {
  command = plan
  variables {
    package  = "tests/fixture/none.zip"
    contract = "tests/fixture/none.json"
  }
  expect_failures = [var.package, var.contract]
}
