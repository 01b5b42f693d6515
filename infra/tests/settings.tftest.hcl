# What teams set on day one: who signs in and how, and under which domains. Needs no credentials and no network.

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
  mock_resource "aws_cognito_user_pool_domain" {
    defaults = { cloudfront_distribution = "d222222abcdef8.cloudfront.net", cloudfront_distribution_zone_id = "Z2FDTNDATAQYW2" }
  }
  mock_resource "aws_api_gateway_rest_api" {
    defaults = { id = "abcde12345", execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:abcde12345" }
  }
  mock_resource "aws_api_gateway_domain_name" {
    defaults = { regional_domain_name = "d-abcdefghij.execute-api.eu-central-1.amazonaws.com", regional_zone_id = "Z1U9ULNL0V5AJ3" }
  }
  mock_resource "aws_api_gateway_stage" {
    defaults = { arn = "arn:aws:apigateway:eu-central-1::/restapis/abcde12345/stages/v1", invoke_url = "https://abcde12345.execute-api.eu-central-1.amazonaws.com/v1" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/EXAMPLE", domain_name = "d111111abcdef8.cloudfront.net", hosted_zone_id = "Z2FDTNDATAQYW2" }
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

run "only_invited_people_sign_in_by_password_and_no_domain_is_bound_unless_something_is_set" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool.users[0].admin_create_user_config[0].allow_admin_create_user_only && output.sign_up == "invite" && jsondecode(aws_s3_object.web_config[0].content).sign_up == "invite"
    error_message = "Anybody on the internet can make an account, or the web app offers one that nobody can make."
  }
  assert {
    condition     = [aws_cognito_user_pool.users[0].email_configuration[0].email_sending_account, aws_cognito_user_pool.users[0].mfa_configuration] == ["COGNITO_DEFAULT", "OPTIONAL"]
    error_message = "Mail goes out by a sender that was not set, or users cannot choose a second factor."
  }
  assert {
    condition     = aws_cognito_user_pool.users[0].sign_in_policy[0].allowed_first_auth_factors == toset(["PASSWORD"]) && length(aws_cognito_user_pool.users[0].web_authn_configuration) == 0
    error_message = "Users can sign in with something else than a password."
  }
  assert {
    # Cognito's limit is 3 KB.
    condition     = aws_cognito_user_pool_domain.users[0].managed_login_version == 1 && length(aws_cognito_user_pool_ui_customization.web[0].css) <= 3072 && length(aws_cloudformation_stack.sign_in_page) == 0
    error_message = "The sign-in page is not the classic one with a look of its own."
  }
  assert {
    condition     = length(aws_cognito_user_pool_ui_customization.web[0].image_file) < 100 * 1024 && jsondecode(local.web_config).password_rules == { length = 12, of = ["lowercase", "number", "symbol", "uppercase"] }
    error_message = "The sign-in page has no picture, or the web app does not know what a password needs."
  }
  assert {
    condition     = length(aws_wafv2_web_acl.sign_in) == 0 && length(output.dns_records) == 0
    error_message = "There is a web ACL to pay for, or a domain."
  }
  assert {
    condition     = local.site_headers["Strict-Transport-Security"] == "max-age=2592000" && join(" ", [for sent in aws_cloudfront_response_headers_policy.site[0].security_headers_config[0].strict_transport_security : "${sent.access_control_max_age_sec} ${sent.include_subdomains}"]) == "2592000 false"
    error_message = "Strict-Transport-Security binds subdomains, or for longer than 30 days."
  }
}

run "open_sign_up_with_cognito_s_own_mail_sender_is_warned_of_and_a_second_factor_can_be_required" {
  command = plan
  variables {
    sign_up = "open"
    mfa     = "required"
  }
  expect_failures = [check.mail_of_open_sign_up]

  assert {
    condition     = !aws_cognito_user_pool.users[0].admin_create_user_config[0].allow_admin_create_user_only && output.sign_up == "open"
    error_message = "Nobody can sign up."
  }
  assert {
    condition     = aws_cognito_user_pool.users[0].mfa_configuration == "ON" && aws_cognito_user_pool.users[0].software_token_mfa_configuration[0].enabled
    error_message = "Users can sign in without a second factor, or cannot set it up."
  }
}

run "everything_follows_the_domains" {
  command = plan
  variables {
    mfa            = "off"
    sign_up        = "open"
    mail           = { from = "Depot <no-reply@mail.example.com>", identity_arn = "arn:aws:ses:eu-west-1:123456789012:identity/example.com", reply_to = "help@example.com" }
    api_domain     = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
    web_domain     = { name = "example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
    sign_in_domain = { name = "auth.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
  }

  assert {
    condition     = [output.api_url, output.web_url, output.hosted_ui_url] == ["https://api.example.com", "https://example.com", "https://auth.example.com"]
    error_message = "An address is not the domain, or has the stage's name in it."
  }
  assert {
    condition     = [for name in ["api_url", "hosted_ui_url"] : jsondecode(aws_s3_object.web_config[0].content)[name]] == [output.api_url, output.hosted_ui_url]
    error_message = "The web app would use other addresses."
  }
  assert {
    condition     = strcontains(local.site_headers["Content-Security-Policy"], "connect-src 'self' https://api.example.com https://auth.example.com https://cognito-idp.eu-central-1.amazonaws.com;")
    error_message = "The web app may not connect to exactly these domains."
  }
  assert {
    condition     = [aws_api_gateway_domain_name.api[0].security_policy, aws_api_gateway_domain_name.api[0].endpoint_configuration[0].types[0], aws_cloudfront_distribution.site[0].viewer_certificate[0].minimum_protocol_version] == ["TLS_1_2", "REGIONAL", "TLSv1.2_2021"]
    error_message = "A domain accepts TLS older than 1.2."
  }
  assert {
    condition     = aws_api_gateway_base_path_mapping.api[0].stage_name == "v1" && aws_api_gateway_base_path_mapping.api[0].base_path == null
    error_message = "The stage is not at the root of the domain."
  }
  assert {
    condition     = aws_cognito_user_pool_client.web.callback_urls == toset(["https://example.com/", "https://d111111abcdef8.cloudfront.net/"]) && aws_cloudfront_distribution.site[0].aliases == toset(["example.com"])
    error_message = "Users cannot return to the web app by the domain, or no longer by the address that they know."
  }
  assert {
    condition = { for record in output.dns_records : record.serves => [record.type, record.name, record.value, record.zone_id] } == {
      api     = ["CNAME", "api.example.com", "d-abcdefghij.execute-api.eu-central-1.amazonaws.com", "Z1U9ULNL0V5AJ3"]
      web     = ["CNAME", "example.com", "d111111abcdef8.cloudfront.net", "Z2FDTNDATAQYW2"]
      sign_in = ["CNAME", "auth.example.com", "d222222abcdef8.cloudfront.net", "Z2FDTNDATAQYW2"]
    }
    error_message = "The outputs do not say what to add to DNS."
  }
  assert {
    condition = [for mail in aws_cognito_user_pool.users[0].email_configuration : [mail.email_sending_account, mail.from_email_address, mail.source_arn, mail.reply_to_email_address]] == [
      ["DEVELOPER", "Depot <no-reply@mail.example.com>", "arn:aws:ses:eu-west-1:123456789012:identity/example.com", "help@example.com"]
    ]
    error_message = "Mail does not go out through the identity."
  }
  assert {
    condition     = aws_cognito_user_pool.users[0].mfa_configuration == "OFF" && length(aws_cognito_user_pool.users[0].software_token_mfa_configuration) == 0
    error_message = "Cognito refuses to turn off MFA and to configure it together."
  }
}

run "domains_that_are_not_in_use_yet_change_no_address_but_passkeys_belong_to_them" {
  command = plan
  variables {
    passkeys           = true
    sign_in_page       = "managed"
    sign_in_rate_limit = 500
    hsts               = { days = 730, include_subdomains = true }
    api_domain         = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
    web_domain         = { name = "example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
    sign_in_domain     = { name = "auth.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d" }
    domains_in_use     = false
  }

  assert {
    condition     = [output.api_url, output.web_url, output.hosted_ui_url] == ["https://abcde12345.execute-api.eu-central-1.amazonaws.com/v1", "https://d111111abcdef8.cloudfront.net", "https://depot-test-123456789012.auth.eu-central-1.amazoncognito.com"]
    error_message = "An address is a domain whose name may not resolve yet."
  }
  assert {
    condition     = strcontains(local.site_headers["Content-Security-Policy"], "connect-src 'self' https://abcde12345.execute-api.eu-central-1.amazonaws.com https://depot-test-123456789012.auth.eu-central-1.amazoncognito.com ")
    error_message = "The web app may not connect to the addresses in use."
  }
  assert {
    condition     = length(output.dns_records) == 3 && aws_cognito_user_pool_client.web.callback_urls == toset(["https://example.com/", "https://d111111abcdef8.cloudfront.net/"])
    error_message = "The domains are not ready to be used."
  }
  assert {
    condition     = [for passkeys in aws_cognito_user_pool.users[0].web_authn_configuration : [passkeys.relying_party_id, passkeys.user_verification]] == [["auth.example.com", "required"]]
    error_message = "Cognito requires the domain of the pool as soon as it has one; or a passkey needs no fingerprint, face or PIN."
  }
  assert {
    condition     = aws_cognito_user_pool.users[0].sign_in_policy[0].allowed_first_auth_factors == toset(["PASSWORD", "WEB_AUTHN"]) && contains(aws_cognito_user_pool_client.web.explicit_auth_flows, "ALLOW_USER_AUTH")
    error_message = "The pool or the web app's client accepts no passkeys."
  }
  assert {
    condition     = [aws_cognito_user_pool_domain.users[0].managed_login_version, aws_cognito_user_pool_domain.own[0].managed_login_version, length(aws_cognito_user_pool_ui_customization.web)] == [2, 2, 0]
    error_message = "The classic page has no passkeys."
  }
  assert {
    condition     = jsondecode(aws_cloudformation_stack.sign_in_page[0].template_body).Resources.Style.Properties.ClientId == aws_cognito_user_pool_client.web.id
    error_message = "The managed page would be unavailable: no style belongs to the web app's client."
  }
  assert {
    condition     = [for asset in jsondecode(aws_cloudformation_stack.sign_in_page[0].template_body).Resources.Style.Properties.Assets : "${asset.Category} ${asset.ColorMode} ${strcontains(base64decode(asset.Bytes), ">${local.service.title}</text>")}"] == ["FORM_LOGO DARK true", "FORM_LOGO LIGHT true"]
    error_message = "The managed page does not have the name of the app."
  }
  assert {
    condition     = aws_wafv2_web_acl_association.sign_in[0].resource_arn == aws_cognito_user_pool.users[0].arn && [for rule in aws_wafv2_web_acl.sign_in[0].rule : [for s in rule.statement : [for r in s.rate_based_statement : r.limit]]] == [[[500]]]
    error_message = "The pool has no rate limit."
  }
  assert {
    condition     = local.site_headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains" && join(" ", [for sent in aws_cloudfront_response_headers_policy.site[0].security_headers_config[0].strict_transport_security : "${sent.access_control_max_age_sec} ${sent.include_subdomains}"]) == "63072000 true"
    error_message = "Strict-Transport-Security is weaker than what was asked for."
  }
}

run "the_web_app_of_a_shared_pool_offers_an_account_if_the_pool_does" {
  command = plan
  variables {
    user_pool_id = "eu-central-1_Shared"
  }
  override_data {
    target          = data.aws_cognito_user_pool.shared
    override_during = plan
    values = {
      domain                   = "yard-test-123456789012", custom_domain = null
      admin_create_user_config = [{ allow_admin_create_user_only = false, invite_message_template = [], unused_account_validity_days = 7 }]
    }
  }

  assert {
    condition     = output.sign_up == "open"
    error_message = "The pool's own setting is ignored."
  }
}

run "settings_that_aws_or_a_browser_would_not_accept_are_rejected" {
  command = plan
  variables {
    sign_up            = "closed"
    mail               = { from = "no-reply@badexample.com", identity_arn = "arn:aws:ses:eu-west-1:123456789012:identity/example.com" }
    mfa                = "required"
    password_client    = true
    sign_in_rate_limit = 1
    api_domain         = { name = "https://api.example.com/", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
    cdn                = false
    web_domain         = { name = "app.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
    hsts               = { days = 731 }
  }
  expect_failures = [var.sign_up, var.mail, var.mfa, var.sign_in_rate_limit, var.api_domain, var.web_domain, var.hsts]
}

run "settings_without_what_they_need_are_rejected" {
  command = plan
  variables {
    passkeys     = true
    user_pool_id = "eu-central-1_Shared"
    mfa          = "off"
  }
  expect_failures = [var.passkeys, var.user_pool_id]
}

run "settings_that_exclude_each_other_are_rejected" {
  command = plan
  variables {
    mfa            = "required"
    passkeys       = true
    sign_in_page   = "managed"
    api_domain     = { name = "app.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1" }
    sign_in_domain = { name = "app.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
  }
  expect_failures = [var.passkeys, var.sign_in_domain]
}
