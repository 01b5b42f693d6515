# The REST API is the contract plus what only AWS needs: integrations, authorizer, validator,
# gateway responses (problems.tf) and CORS. Bodies are validated in the functions: the gateway cannot
# report each fault with a JSON Pointer.

locals {
  stage    = "v1"
  contract = jsondecode(file(var.contract))

  operations = merge([
    for path, methods in local.contract.paths : {
      for method, operation in methods : "${upper(method)} ${path}" => {
        id       = operation.operationId
        function = try(local.service.operations[operation.operationId].function, operation.operationId)
        method   = upper(method)
        path     = path
        scopes   = distinct(flatten([for requirement in try(operation.security, []) : values(requirement)]))
      }
    }
  ]...)

  # A token of the password flow carries none of the API's scopes.
  password_scopes = var.password_client ? ["aws.cognito.signin.user.admin"] : []

  # Any origin may call: the page sends the token, not the browser, so no origin needs to be trusted.
  cors_headers = {
    Access-Control-Allow-Origin   = "'*'"
    Access-Control-Expose-Headers = "'ETag, Idempotent-Replayed, Link, Location, Retry-After, X-Correlation-Id'"
  }
  preflight_headers = {
    Access-Control-Allow-Origin  = "'*'"
    Access-Control-Allow-Headers = "'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Correlation-Id'"
    Access-Control-Max-Age       = "'7200'"
  }

  paths = {
    for path, methods in local.contract.paths : path => merge(
      {
        for method, operation in methods : method => merge(operation, {
          security = [{ cognito = concat(local.operations["${upper(method)} ${path}"].scopes, local.password_scopes) }]
          x-amazon-apigateway-integration = {
            type                = "aws_proxy"
            httpMethod          = "POST"
            passthroughBehavior = "when_no_match"
            timeoutInMillis     = 29000
            uri = format("arn:aws:apigateway:%s:lambda:path/2015-03-31/functions/arn:aws:lambda:%s:%s:function:%s:prod/invocations",
            var.region, var.region, local.account, lookup(local.function_names, local.operations["${upper(method)} ${path}"].function, "none"))
          }
        })
      },
      {
        options = {
          operationId = "preflight${replace(title(replace(path, "/[^A-Za-z0-9]+/", " ")), " ", "")}"
          summary     = "Preflight request of browsers before a request from another origin"
          security    = []
          parameters  = [for name in flatten(regexall("\\{([^}]+)\\}", path)) : { name = name, in = "path", required = true, schema = { type = "string" } }]
          responses = {
            "204" = {
              description = "The methods and headers that are allowed."
              headers     = { for name in concat(keys(local.preflight_headers), ["Access-Control-Allow-Methods"]) : name => { schema = { type = "string" } } }
            }
          }
          x-amazon-apigateway-integration = {
            type                = "mock"
            passthroughBehavior = "when_no_match"
            requestTemplates    = { "application/json" = jsonencode({ statusCode = 204 }) }
            responses = {
              default = {
                statusCode = "204"
                responseParameters = {
                  for name, value in merge(local.preflight_headers, {
                    Access-Control-Allow-Methods = "'${join(", ", concat([for method in keys(methods) : upper(method)], ["OPTIONS"]))}'"
                  }) : "method.response.header.${name}" => value
                }
              }
            }
          }
        }
      },
    )
  }

  api_body = jsonencode(merge(local.contract, {
    info  = merge(local.contract.info, { title = "${local.prefix}-api", description = "Generated from contract/openapi.yaml" })
    paths = local.paths
    components = merge(local.contract.components, {
      securitySchemes = {
        cognito = {
          type                         = "apiKey"
          name                         = "Authorization"
          in                           = "header"
          x-amazon-apigateway-authtype = "cognito_user_pools"
          x-amazon-apigateway-authorizer = {
            type         = "cognito_user_pools"
            providerARNs = [local.user_pool.arn]
          }
        }
      }
    })
    x-amazon-apigateway-request-validators = {
      parameters = { validateRequestParameters = true, validateRequestBody = false }
    }
    x-amazon-apigateway-request-validator = "parameters"
    x-amazon-apigateway-gateway-responses = local.gateway_responses
  }))
}

resource "aws_api_gateway_rest_api" "api" {
  name              = "${local.prefix}-api"
  description       = "Generated from contract/openapi.yaml"
  body              = local.api_body
  put_rest_api_mode = "overwrite"
  fail_on_warnings  = true

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition = alltrue([for operation in local.operations : contains(keys(local.functions), operation.function)])
      error_message = format("No function serves %s: ${var.contract} and ${var.service} are not of the same build. Run `crudctl package`.",
      join(", ", [for operation in local.operations : operation.id if !contains(keys(local.functions), operation.function)]))
    }
    precondition {
      # Without scopes the gateway would accept ID tokens, and access tokens with any scope.
      condition = alltrue([for operation in local.operations : length(operation.scopes) > 0])
      error_message = format("The contract requires no scope for %s: add one to the operation's `security`.",
      join(", ", [for operation in local.operations : operation.id if length(operation.scopes) == 0]))
    }
  }
}

resource "aws_api_gateway_deployment" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  triggers    = { body = sha256(local.api_body) }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [module.function]
}

resource "aws_api_gateway_stage" "api" {
  rest_api_id          = aws_api_gateway_rest_api.api.id
  deployment_id        = aws_api_gateway_deployment.api.id
  stage_name           = local.stage
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format          = local.access_log_format
  }

  depends_on = [aws_api_gateway_account.logging]
}

resource "aws_api_gateway_method_settings" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  stage_name  = aws_api_gateway_stage.api.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = false # by method: thirty more metrics to pay for, which the functions publish by operation
    logging_level          = "ERROR"
    data_trace_enabled     = false # it would log tokens and bodies
    throttling_rate_limit  = var.throttling.rate
    throttling_burst_limit = var.throttling.burst
  }

  depends_on = [aws_cloudwatch_log_group.api_execution]
}
