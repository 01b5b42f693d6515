# The rest of the root module. Needs no credentials and no network.

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
  mock_resource "aws_api_gateway_rest_api" {
    defaults = { id = "abcde12345", execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:abcde12345" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/EXAMPLE", domain_name = "d111111abcdef8.cloudfront.net" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:example" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/example" }
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
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/example/6a7c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
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

run "each_function_has_exactly_its_actions_on_exactly_its_table_or_index" {
  command = plan

  assert {
    condition = {
      for key, function in local.functions : key => {
        for sid, access in function.data : sid => [join(" ", access.actions), trimprefix(access.resource, aws_dynamodb_table.data.arn), join(" ", access.leading_keys)]
      }
      } == {
      send_parcel   = { Table = ["dynamodb:PutItem", "", "$${aws:PrincipalTag/owner}#*"] }
      get_parcel    = { Table = ["dynamodb:GetItem", "", "$${aws:PrincipalTag/owner}#*"] }
      change_parcel = { Table = ["dynamodb:GetItem dynamodb:UpdateItem", "", "$${aws:PrincipalTag/owner}#*"] }
      drop_parcel   = { Table = ["dynamodb:DeleteItem dynamodb:PutItem dynamodb:UpdateItem", "", "$${aws:PrincipalTag/owner}#*"] }
      list_parcels  = { Index = ["dynamodb:Query", "/index/by_owner", "$${aws:PrincipalTag/owner} $${aws:PrincipalTag/owner}#trash"] }
      stamp_parcel  = { Table = ["dynamodb:GetItem dynamodb:UpdateItem", "", "$${aws:PrincipalTag/owner}#*"] }
    }
    error_message = "A function may do more, or less, than it needs."
  }
  assert {
    condition     = { for key, function in local.functions : key => function.handler } == { for key, function in local.service.functions : key => function.handler } && local.functions["send_parcel"].handler == "functions.handlers.create"
    error_message = "A function has another handler than the description names."
  }
}

run "every_function_knows_how_long_the_trash_keeps_and_whether_if_match_is_required" {
  command = plan

  assert {
    condition     = [local.environment.TRASH_DAYS, local.environment.REQUIRE_IF_MATCH] == ["30", "false"]
    error_message = "By default, what is deleted is not kept for 30 days, or If-Match is required."
  }
}

run "a_version_without_trash_is_told_so_by_an_empty_value" {
  command = plan
  variables {
    trash_days       = null
    require_if_match = true
  }

  assert {
    condition     = [local.environment.TRASH_DAYS, local.environment.REQUIRE_IF_MATCH] == ["", "true"]
    error_message = "The functions would move to the trash what an older version then shows, or do not require If-Match."
  }
}

run "an_operation_of_its_own_may_use_the_index_and_the_table" {
  command = plan
  variables {
    own_actions = { stamp_parcel = ["dynamodb:UpdateItem", "dynamodb:Query"] }
  }

  assert {
    condition = { for sid, access in local.functions["stamp_parcel"].data : sid => [access.actions, trimprefix(access.resource, aws_dynamodb_table.data.arn)] } == {
      Index = [tolist(["dynamodb:Query"]), "/index/by_owner"]
      Table = [tolist(["dynamodb:UpdateItem"]), ""]
    }
    error_message = "The two are mixed."
  }
}

run "the_boundary_allows_what_functions_may_do_with_the_table" {
  command = plan

  assert {
    condition     = sort([for found in regexall("\"(dynamodb:[A-Za-z]+)\"", file("ci/boundary.tf")) : found[0]]) == sort(local.table_actions)
    error_message = "infra/ci/boundary.tf allows other actions than functions.tf."
  }
}

run "everything_is_named_after_the_service_and_its_collection" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.data.name == "depot-test-parcels" && output.table_name == aws_dynamodb_table.data.name && aws_dynamodb_table.releases.name == "depot-test-releases"
    error_message = "A table has another name."
  }
  assert {
    condition = [aws_cognito_resource_server.api.identifier, { for scope in aws_cognito_resource_server.api.scope : scope.scope_name => scope.scope_description }] == [
      "parcels", { read = "See your parcels", write = "Send, change and drop your parcels" }
    ]
    error_message = "The resource server does not have the contract's scopes."
  }
  assert {
    condition     = aws_cloudwatch_dashboard.overview[0].dashboard_name == "depot-test" && output.region == "eu-central-1"
    error_message = "The dashboard or the region is another."
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
      role.permissions_boundary == "arn:aws:iam::123456789012:policy/depot-test-boundary"
    ])
    error_message = "A role can do more than the boundary."
  }
  assert {
    condition = jsondecode(aws_iam_role.gateway_logging[0].assume_role_policy).Statement[0].Condition == {
      StringEqualsIfExists = { "aws:SourceAccount" = "123456789012" }
    }
    error_message = "APIs of other accounts may use the role of the gateway's logs."
  }
}

run "the_table_is_keyed_by_owner_and_protected" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.data.hash_key == "id" && aws_dynamodb_table.data.range_key == null && aws_dynamodb_table.data.billing_mode == "PAY_PER_REQUEST"
    error_message = "The key or the billing mode is not the expected one."
  }
  assert {
    condition = [
      for index in aws_dynamodb_table.data.global_secondary_index : [index.name, index.hash_key, index.range_key, index.projection_type]
    ] == [["by_owner", "owner", "created_at", "ALL"]]
    error_message = "The index is not by_owner as the functions use it."
  }
  assert {
    condition     = aws_dynamodb_table.data.point_in_time_recovery[0].enabled && aws_dynamodb_table.data.ttl[0].attribute_name == "expires_at"
    error_message = "Recovery or the TTL attribute is missing."
  }
  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.data, aws_dynamodb_table.releases] : !table.server_side_encryption[0].enabled])
    error_message = "A table's key is one of KMS, each use of which is billed."
  }
  assert {
    condition     = aws_dynamodb_table.data.deletion_protection_enabled && aws_cognito_user_pool.users[0].deletion_protection == "ACTIVE"
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

run "two_stacks_can_share_a_user_pool" {
  command = plan
  variables {
    user_pool_id = "eu-central-1_Shared"
  }
  override_data {
    target          = data.aws_cognito_user_pool.shared
    override_during = plan
    values          = { arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Shared", domain = "yard-test-123456789012", custom_domain = null }
  }

  assert {
    condition     = length(aws_cognito_user_pool.users) == 0 && length(aws_cognito_user_pool_domain.users) == 0
    error_message = "The stack has a pool or a domain of its own."
  }
  assert {
    condition     = alltrue([for pool in [aws_cognito_resource_server.api.user_pool_id, aws_cognito_user_pool_client.web.user_pool_id, aws_cognito_user_pool_client.machine.user_pool_id, output.user_pool_id] : pool == "eu-central-1_Shared"])
    error_message = "A client or the scopes are in another pool."
  }
  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.api.body).components.securitySchemes.cognito.x-amazon-apigateway-authorizer.providerARNs == ["arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Shared"]
    error_message = "The API does not accept the tokens of the shared pool."
  }
  assert {
    condition     = output.hosted_ui_url == "https://yard-test-123456789012.auth.eu-central-1.amazoncognito.com" && strcontains(local.site_headers["Content-Security-Policy"], output.hosted_ui_url)
    error_message = "Users would sign in elsewhere."
  }
}

run "a_shared_pool_may_have_a_domain_of_its_own" {
  command = plan
  variables {
    user_pool_id = "eu-central-1_Shared"
  }
  override_data {
    target          = data.aws_cognito_user_pool.shared
    override_during = plan
    values          = { arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Shared", domain = "", custom_domain = "login.example.com" }
  }

  assert {
    condition     = output.hosted_ui_url == "https://login.example.com"
    error_message = "Users would sign in elsewhere."
  }
}

run "a_shared_pool_without_a_sign_in_page_is_rejected" {
  command = plan
  variables {
    user_pool_id = "eu-central-1_Shared"
  }
  override_data {
    target          = data.aws_cognito_user_pool.shared
    override_during = plan
    values          = { arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Shared", domain = "", custom_domain = "" }
  }
  expect_failures = [data.aws_cognito_user_pool.shared]
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
    condition     = strcontains(local.site_headers["Content-Security-Policy"], "connect-src 'self' https://abcde12345.execute-api.eu-central-1.amazonaws.com https://depot-test-123456789012.auth.eu-central-1.amazoncognito.com https://cognito-idp.eu-central-1.amazonaws.com;")
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
    condition     = keys(jsondecode(aws_s3_object.web_config[0].content)) == ["api_url", "cognito_url", "hosted_ui_url", "password_rules", "region", "sign_up", "trash_days", "user_pool_client_id", "user_pool_id"]
    error_message = "A setting of the web app is missing."
  }
}

run "both_objectives_have_three_alarms_and_every_cause_has_one" {
  command = plan

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.watched : name => "${alarm.datapoints_to_alarm} of ${alarm.evaluation_periods} above ${floor(10000 * alarm.threshold + 0.5) / 10000} in ${alarm.period} s of ${alarm.metric_name} ${alarm.statistic == null ? alarm.extended_statistic : alarm.statistic}" if alarm.comparison_operator == "GreaterThanThreshold" && alarm.metric_name != null } == {
      availability-fast = "6 of 10 above 0.0144 in 60 s of 5XXError Average"
      availability-slow = "5 of 6 above 0.006 in 600 s of 5XXError Average"
      latency-fast      = "6 of 10 above 14.4 in 60 s of Latency PR(1000:)"
      latency-slow      = "5 of 6 above 6 in 600 s of Latency PR(1000:)"
    }
    error_message = "The windows or burn rates are not those that docs/decisions/0012-metrics-and-alarms.md gives reasons for."
  }
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.watched : name => "above ${floor(10000 * alarm.threshold + 0.5) / 10000} in ${join(" and ", sort(flatten([for query in alarm.metric_query : [for metric in query.metric : "${metric.period} s of ${metric.metric_name} ${metric.stat}"]])))}" if strcontains(name, "sparse") } == {
      availability-sparse = "above 0.006 in 21600 s of 5XXError Average and 21600 s of 5XXError Sum"
      latency-sparse      = "above 6 in 21600 s of Latency PR(1000:) and 21600 s of Latency TC(1000:)"
    }
    error_message = "The alarms for little traffic are not those that docs/decisions/0012-metrics-and-alarms.md gives reasons for."
  }
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.watched : name => "${alarm.threshold} in ${alarm.period} s of ${alarm.namespace} ${alarm.metric_name}${length(alarm.dimensions == null ? {} : alarm.dimensions) > 0 ? " of the API" : ""}" if alarm.comparison_operator != "GreaterThanThreshold" && alarm.metric_name != null } == {
      operation-faults    = "5 in 300 s of AWS/ApiGateway 5XXError of the API"
      functions-throttled = "1 in 300 s of AWS/Lambda Throttles"
      api-throttled       = "50 in 300 s of depot-test Throttled"
      table-throttled     = "10 in 300 s of depot-test TableThrottled"
      table-errors        = "10 in 300 s of depot-test TableErrors"
    }
    error_message = "A cause is watched by another metric."
  }
}

run "alarms_have_fifteen_metrics_however_many_operations_there_are" {
  command = plan
  variables {
    service     = "tests/fixture/many.json"
    contract    = "tests/fixture/many_contract.json"
    own_actions = merge({ stamp_parcel = [] }, { for number in range(6) : "stamp_${number}" => [] })
  }

  assert {
    condition     = sum([for alarm in aws_cloudwatch_metric_alarm.watched : alarm.metric_name != null ? 1 : length([for query in alarm.metric_query : query if length(query.metric) > 0])]) == 15
    error_message = "Each metric of an alarm has a price."
  }
  assert {
    condition = length(distinct(flatten([for path, methods in local.paths : [for operation in values(methods) : operation.operationId]]))) == length(flatten([
      for path, methods in local.paths : keys(methods)
    ]))
    error_message = "Two operations have the same operationId, which OpenAPI does not allow: /stamp0 and /stamp-0 are the same words."
  }
}

run "an_alarm_notifies_of_its_start_and_end_and_names_its_runbook_page" {
  command = plan

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.watched : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "An alarm does not notify of its start and end."
  }
  assert {
    condition = alltrue([
      for alarm in values(aws_cloudwatch_metric_alarm.watched) :
      can(regex("\\. Runbook: docs/runbook\\.md#[a-z-]+$", alarm.alarm_description))
    ])
    error_message = "An alarm's description does not end with its runbook page."
  }
}

run "in_prod_every_alarm_notifies_the_teams_topic_and_links_to_a_page_on_the_web" {
  command = plan
  variables {
    monthly_budget_usd = 50
    env                = "prod"
    alarm_topic        = "arn:aws:sns:eu-central-1:123456789012:on-call"
    runbook            = "https://wiki.example.com/runbook"
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.watched :
      alarm.alarm_actions == toset([var.alarm_topic]) && alarm.ok_actions == alarm.alarm_actions
    ]) && alltrue([for sent in aws_budgets_budget.account[0].notification : sent.subscriber_sns_topic_arns == toset([var.alarm_topic])])
    error_message = "An alarm or the budget notifies another topic."
  }
  assert {
    condition = alltrue([
      for alarm in values(aws_cloudwatch_metric_alarm.watched) :
      can(regex("\\. Runbook: https://wiki\\.example\\.com/runbook#[a-z-]+$", alarm.alarm_description))
    ])
    error_message = "An alarm's description does not end with a link."
  }
}

run "there_is_no_budget_unless_one_is_set" {
  command = plan

  assert {
    condition     = length(aws_budgets_budget.account) == 0
    error_message = "The first deploy would need access to billing, which many accounts give to no role."
  }
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
    env          = "prod"
    alarm_emails = ["on-call@example.com"]
    runbook      = "https://wiki.example.com/runbook"
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
