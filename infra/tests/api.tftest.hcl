# The REST API that is generated from the contract. Needs no credentials and no network.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cognito_user_pool" {
    defaults = { arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Example" }
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
    defaults = { arn = "arn:aws:apigateway:eu-central-1::/restapis/abcde12345/stages/v1" }
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

run "operation_without_function_fails_the_plan" {
  command = plan
  variables {
    contract = "tests/fixture/unserved.json"
  }
  expect_failures = [aws_api_gateway_rest_api.api]
}

run "operation_without_scope_fails_the_plan" {
  command = plan
  variables {
    contract = "tests/fixture/open.json"
  }
  expect_failures = [aws_api_gateway_rest_api.api]
}

run "every_operation_calls_the_prod_alias_of_its_function" {
  command = plan

  assert {
    condition = {
      for path, methods in jsondecode(aws_api_gateway_rest_api.api.body).paths : path => {
        for method, operation in methods : method => regex("function:(.+)/invocations$", operation.x-amazon-apigateway-integration.uri)[0]
        if operation.x-amazon-apigateway-integration.type != "mock"
      }
      } == {
      "/parcels" = { get = "depot-test-list_parcels:prod", head = "depot-test-list_parcels:prod", post = "depot-test-send_parcel:prod" }
      "/parcels/{id}" = {
        get    = "depot-test-get_parcel:prod"
        head   = "depot-test-get_parcel:prod"
        put    = "depot-test-change_parcel:prod"
        patch  = "depot-test-change_parcel:prod"
        delete = "depot-test-drop_parcel:prod"
      }
      "/parcels/{id}/restore" = { post = "depot-test-change_parcel:prod" }
      "/parcels/{id}/stamp"   = { post = "depot-test-stamp_parcel:prod" }
    }
    error_message = "An operation is not served by alias prod of its function."
  }
  assert {
    condition     = output.functions == { for key in ["change_parcel", "drop_parcel", "get_parcel", "list_parcels", "send_parcel", "stamp_parcel"] : key => "depot-test-${key}" }
    error_message = "The functions are not those of the contract."
  }
}

run "a_token_with_any_scope_of_the_api_reaches_every_function" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for methods in values(jsondecode(aws_api_gateway_rest_api.api.body).paths) : [
        for operation in values(methods) : [for requirement in operation.security : sort(requirement.cognito) == tolist(["parcels/read", "parcels/write"])]
        if operation.x-amazon-apigateway-integration.type != "mock"
      ]
    ]))
    error_message = "The gateway would respond with 401 where the function has a 403 that names the scope."
  }
  assert {
    condition     = [local.environment.GATEWAY_SCOPES, local.environment.PASSWORD_CLIENT_ID] == ["any", ""]
    error_message = "The functions have another app client for passwords, or crudctl could not tell what the gateway checks."
  }
}

run "before_the_functions_check_scopes_methods_require_exactly_those_of_the_contract" {
  command = plan
  variables {
    gateway_scopes = "own"
  }

  assert {
    condition     = local.environment.GATEWAY_SCOPES == "own"
    error_message = "crudctl could not tell what the gateway checks."
  }

  assert {
    condition = {
      for path, methods in jsondecode(aws_api_gateway_rest_api.api.body).paths : path => {
        for method, operation in methods : method => operation.security if operation.x-amazon-apigateway-integration.type != "mock"
      }
      } == {
      "/parcels" = { get = [{ cognito = ["parcels/read"] }], head = [{ cognito = ["parcels/read"] }], post = [{ cognito = ["parcels/write"] }] }
      "/parcels/{id}" = {
        get    = [{ cognito = ["parcels/read"] }]
        head   = [{ cognito = ["parcels/read"] }]
        put    = [{ cognito = ["parcels/write"] }]
        patch  = [{ cognito = ["parcels/write"] }]
        delete = [{ cognito = ["parcels/write"] }]
      }
      "/parcels/{id}/restore" = { post = [{ cognito = ["parcels/write"] }] }
      "/parcels/{id}/stamp"   = { post = [{ cognito = ["parcels/write"] }] }
    }
    error_message = "A method's scopes are not the contract's."
  }
  assert {
    condition = jsondecode(aws_api_gateway_rest_api.api.body).components.securitySchemes.cognito == {
      type                           = "apiKey"
      name                           = "Authorization"
      in                             = "header"
      x-amazon-apigateway-authtype   = "cognito_user_pools"
      x-amazon-apigateway-authorizer = { type = "cognito_user_pools", providerARNs = [aws_cognito_user_pool.users[0].arn] }
    }
    error_message = "The authorizer is not the user pool."
  }
}

run "tokens_of_the_password_client_are_accepted" {
  command = plan
  variables {
    password_client = true
  }
  override_resource {
    target          = aws_cognito_user_pool_client.password[0]
    values          = { id = "client-for-passwords" }
    override_during = plan
  }
  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.api.body).paths["/parcels"].get.security == [{ cognito = ["parcels/read", "parcels/write", "aws.cognito.signin.user.admin"] }]
    error_message = "A token of the password flow would be rejected."
  }
  assert {
    condition     = local.environment.PASSWORD_CLIENT_ID == "client-for-passwords"
    error_message = "The functions would not accept the scope of the password flow, or from other app clients too."
  }
}

run "head_is_get_under_a_name_of_its_own" {
  command = plan

  assert {
    condition = alltrue([
      for methods in values(jsondecode(aws_api_gateway_rest_api.api.body).paths) :
      merge(methods.head, { operationId = "" }) == merge(methods.get, { operationId = "" }) && methods.head.operationId == "HEAD_${methods.get.operationId}"
      if contains(keys(methods), "get")
    ])
    error_message = "HEAD has other parameters, scopes or another integration than GET."
  }
  assert {
    condition = length(distinct(flatten([
      for methods in values(jsondecode(aws_api_gateway_rest_api.api.body).paths) : [for operation in values(methods) : operation.operationId]
      ]))) == length(flatten([
      for methods in values(jsondecode(aws_api_gateway_rest_api.api.body).paths) : values(methods)
    ]))
    error_message = "Two operations have the same operationId."
  }
}

run "every_path_responds_to_preflight_requests_within_a_far_lower_limit" {
  command = plan

  assert {
    condition = {
      for path, methods in jsondecode(aws_api_gateway_rest_api.api.body).paths :
      path => methods.options.x-amazon-apigateway-integration.responses.default.responseParameters["method.response.header.Access-Control-Allow-Methods"]
      } == {
      "/parcels"              = "'GET, HEAD, POST, OPTIONS'"
      "/parcels/{id}"         = "'DELETE, GET, HEAD, PATCH, PUT, OPTIONS'"
      "/parcels/{id}/restore" = "'POST, OPTIONS'"
      "/parcels/{id}/stamp"   = "'POST, OPTIONS'"
    }
    error_message = "A path does not list its methods for browsers."
  }
  assert {
    condition = toset([for settings in aws_api_gateway_method_settings.without_token : settings.method_path]) == toset([
      "~1parcels/DELETE", "~1parcels/OPTIONS", "~1parcels/PATCH", "~1parcels/PUT",
      "~1parcels~1{id}/OPTIONS", "~1parcels~1{id}/POST",
      "~1parcels~1{id}~1restore/DELETE", "~1parcels~1{id}~1restore/GET", "~1parcels~1{id}~1restore/HEAD", "~1parcels~1{id}~1restore/OPTIONS",
      "~1parcels~1{id}~1restore/PATCH", "~1parcels~1{id}~1restore/PUT",
      "~1parcels~1{id}~1stamp/DELETE", "~1parcels~1{id}~1stamp/GET", "~1parcels~1{id}~1stamp/HEAD", "~1parcels~1{id}~1stamp/OPTIONS",
      "~1parcels~1{id}~1stamp/PATCH", "~1parcels~1{id}~1stamp/PUT",
    ])
    error_message = "A method that the gateway answers itself has the limit of those that need a token, or the reverse."
  }
  assert {
    condition = alltrue([
      for settings in aws_api_gateway_method_settings.without_token :
      settings.settings[0].throttling_rate_limit * 5 <= aws_api_gateway_method_settings.api.settings[0].throttling_rate_limit &&
      settings.settings[0].throttling_burst_limit * 5 <= aws_api_gateway_method_settings.api.settings[0].throttling_burst_limit
    ])
    error_message = "What needs no token may be requested nearly as often as the rest."
  }
}

run "every_other_method_is_405_with_the_methods_of_the_path" {
  command = plan

  assert {
    condition = {
      for path, methods in jsondecode(aws_api_gateway_rest_api.api.body).paths :
      path => methods.x-amazon-apigateway-any-method.x-amazon-apigateway-integration.responses.default.responseParameters["method.response.header.Allow"]
      } == {
      for path, methods in jsondecode(aws_api_gateway_rest_api.api.body).paths :
      path => methods.options.x-amazon-apigateway-integration.responses.default.responseParameters["method.response.header.Access-Control-Allow-Methods"]
    }
    error_message = "Allow does not list the methods of the path."
  }
  assert {
    condition = alltrue([
      for methods in values(jsondecode(aws_api_gateway_rest_api.api.body).paths) :
      methods.x-amazon-apigateway-any-method.x-amazon-apigateway-integration.responses.default.statusCode == "405" &&
      methods.x-amazon-apigateway-any-method.x-amazon-apigateway-integration.responses.default.responseParameters["method.response.header.X-Correlation-Id"] == "context.requestId" &&
      jsondecode(methods.x-amazon-apigateway-any-method.x-amazon-apigateway-integration.responses.default.responseTemplates["application/json"]).type == "urn:parcels:problem:method-not-allowed"
    ])
    error_message = "Another method is not answered with a problem document."
  }
}

run "what_the_gateway_answers_itself_needs_no_token_and_reads_no_body" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for methods in values(jsondecode(aws_api_gateway_rest_api.api.body).paths) : [
        for operation in [methods.options, methods.x-amazon-apigateway-any-method] :
        operation.security == [] && operation.x-amazon-apigateway-integration.type == "mock" &&
        operation.x-amazon-apigateway-integration.passthroughBehavior == "never" &&
        toset([for template in values(operation.x-amazon-apigateway-integration.requestTemplates) : tostring(jsondecode(template).statusCode)]) == toset(keys(operation.responses))
      ]
    ]))
    error_message = "A token is needed, a function is reached, or the client's body decides the status."
  }
  assert {
    condition = alltrue(flatten([
      for methods in values(jsondecode(aws_api_gateway_rest_api.api.body).paths) : [
        for operation in [methods.options, methods.x-amazon-apigateway-any-method] :
        toset(keys(one(values(operation.responses)).headers)) == toset([
          for name in keys(operation.x-amazon-apigateway-integration.responses.default.responseParameters) : trimprefix(name, "method.response.header.")
        ])
      ]
    ]))
    error_message = "A header is not declared in the method response, so API Gateway would reject it."
  }
}

run "gateway_errors_are_problems_that_browsers_can_read" {
  command = plan

  assert {
    condition = alltrue([
      for response in values(jsondecode(aws_api_gateway_rest_api.api.body).x-amazon-apigateway-gateway-responses) :
      response.responseParameters["gatewayresponse.header.Content-Type"] == "'application/problem+json'" &&
      response.responseParameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'" &&
      response.responseParameters["gatewayresponse.header.Cache-Control"] == "'no-store'" &&
      response.responseParameters["gatewayresponse.header.X-Content-Type-Options"] == "'nosniff'" &&
      response.responseParameters["gatewayresponse.header.X-Correlation-Id"] == "context.requestId" &&
      keys(response.responseTemplates) == ["application/json"] &&
      keys(jsondecode(response.responseTemplates["application/json"])) == ["detail", "request_id", "status", "title", "type"] &&
      tostring(jsondecode(response.responseTemplates["application/json"]).status) == response.statusCode
    ])
    error_message = "A gateway response is not a problem document, or browsers cannot read it."
  }
  assert {
    condition = toset([
      for response in values(jsondecode(aws_api_gateway_rest_api.api.body).x-amazon-apigateway-gateway-responses) :
      regex("^urn:parcels:problem:(.+)$", jsondecode(response.responseTemplates["application/json"]).type)[0]
    ]) == toset([for name in keys(local.problems) : replace(name, "_", "-") if name != "method_not_allowed"])
    error_message = "A problem type does not begin as those of the contract, or a problem is not used."
  }
  assert {
    condition = {
      for kind, response in jsondecode(aws_api_gateway_rest_api.api.body).x-amazon-apigateway-gateway-responses : kind => response.statusCode
      } == {
      ACCESS_DENIED                  = "403"
      API_CONFIGURATION_ERROR        = "500"
      AUTHORIZER_CONFIGURATION_ERROR = "500"
      AUTHORIZER_FAILURE             = "500"
      BAD_REQUEST_BODY               = "400"
      BAD_REQUEST_PARAMETERS         = "400"
      DEFAULT_4XX                    = "404"
      DEFAULT_5XX                    = "500"
      EXPIRED_TOKEN                  = "401"
      INTEGRATION_FAILURE            = "503"
      INTEGRATION_TIMEOUT            = "503"
      INVALID_API_KEY                = "403"
      INVALID_SIGNATURE              = "404"
      MISSING_AUTHENTICATION_TOKEN   = "404"
      QUOTA_EXCEEDED                 = "429"
      REQUEST_TOO_LARGE              = "413"
      RESOURCE_NOT_FOUND             = "404"
      THROTTLED                      = "429"
      UNAUTHORIZED                   = "401"
      UNSUPPORTED_MEDIA_TYPE         = "415"
      WAF_FILTERED                   = "403"
    }
    error_message = "A gateway response is missing or has another status."
  }
  assert {
    condition = alltrue([
      for kind, header in { UNAUTHORIZED = "WWW-Authenticate", THROTTLED = "Retry-After", INTEGRATION_TIMEOUT = "Retry-After" } :
      contains(keys(jsondecode(aws_api_gateway_rest_api.api.body).x-amazon-apigateway-gateway-responses[kind].responseParameters), "gatewayresponse.header.${header}")
    ])
    error_message = "A problem lacks the header that goes with it."
  }
  assert {
    condition = alltrue([
      for kind, response in jsondecode(aws_api_gateway_rest_api.api.body).x-amazon-apigateway-gateway-responses :
      contains(keys(response.responseParameters), "gatewayresponse.header.Retry-After") == (response.statusCode == "429" || startswith(response.statusCode, "5"))
    ])
    error_message = "A client is not told when to try again, for example after Lambda had no concurrency left."
  }
}

run "the_gateway_validates_parameters_and_leaves_bodies_to_the_functions" {
  command = plan

  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.api.body).x-amazon-apigateway-request-validators[jsondecode(aws_api_gateway_rest_api.api.body).x-amazon-apigateway-request-validator] == { validateRequestParameters = true, validateRequestBody = false }
    error_message = "The request validator does not validate exactly the parameters."
  }
  assert {
    condition     = aws_api_gateway_rest_api.api.fail_on_warnings && aws_api_gateway_rest_api.api.put_rest_api_mode == "overwrite"
    error_message = "The import would hide warnings, or keep what was removed from the contract."
  }
  assert {
    condition     = keys(jsondecode(aws_api_gateway_rest_api.api.body).components.schemas) == ["Parcel"]
    error_message = "The models are not the contract's."
  }
}

run "the_first_deployment_names_the_body_that_it_has" {
  command = plan

  assert {
    condition     = aws_api_gateway_deployment.api.description == jsondecode(aws_api_gateway_rest_api.api.body).info.version
    error_message = "crudctl would not know what the stage serves."
  }
}

run "the_access_log_is_json_without_users_or_tokens" {
  command = plan

  assert {
    condition     = length(regexall("claims\\.(sub|username|email)|header\\.", one(aws_api_gateway_stage.api.access_log_settings).format)) == 0
    error_message = "The access log would contain who called."
  }
  assert {
    condition     = jsondecode(one(aws_api_gateway_stage.api.access_log_settings).format).request_id == "$context.requestId"
    error_message = "The access log cannot be joined with the functions' logs."
  }
}

run "a_lower_limit_of_the_whole_holds_without_a_token_too" {
  command = plan
  variables {
    throttling = { rate = 5, burst = 10 }
  }

  assert {
    condition = alltrue([
      for settings in aws_api_gateway_method_settings.without_token :
      [settings.settings[0].throttling_rate_limit, settings.settings[0].throttling_burst_limit] == [5, 10]
    ])
    error_message = "What needs no token may be requested more often than the rest."
  }
}
