# The REST API is the contract plus what only AWS needs: integrations and the gateway's own methods (methods.tf), authorizer,
# validator and gateway responses (problems.tf). Bodies are validated in the functions: the gateway cannot
# report each fault with a JSON Pointer.

locals {
  stage = "v1"

  api_document = merge(local.contract, {
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
  })

  # The gateway returns the version of the last import. Where it is not that of the body, an import has failed, although Terraform's
  # state has the new body. `crudctl deploy` imports that one again.
  api_body    = jsonencode(merge(local.api_document, { info = merge(local.api_document.info, { version = local.api_version }) }))
  api_version = "${local.contract.info.version} (${substr(sha256(jsonencode(local.api_document)), 0, 12)})"
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

# The first deployment of the API. Every later one is made by `crudctl`, and the stage is pointed to it or back to an earlier one, as the
# aliases of the functions are (src/crudctl/release/gateway.py): an apply alone changes nothing that users reach.
resource "aws_api_gateway_deployment" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  description = local.api_version

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [description, triggers]
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

  lifecycle {
    ignore_changes = [deployment_id]
  }

  depends_on = [aws_api_gateway_account.logging]
}

# Throttling is for each method of each path, not for the stage.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
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

# What needs no token is billed like everything else, so it gets far less. ANY has no settings of its own: those of the requested method
# count. A path's slashes are written as ~1. https://docs.aws.amazon.com/cli/latest/reference/apigateway/update-stage.html
resource "aws_api_gateway_method_settings" "without_token" {
  for_each = toset(flatten([
    for path in keys(local.contract.paths) : [
      for method in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"] : "${replace(path, "/", "~1")}/${method}"
      if !contains(keys(local.methods), "${method} ${path}")
    ]
  ]))

  rest_api_id = aws_api_gateway_rest_api.api.id
  stage_name  = aws_api_gateway_stage.api.stage_name
  method_path = each.value

  settings {
    metrics_enabled        = false
    logging_level          = "ERROR"
    data_trace_enabled     = false
    throttling_rate_limit  = min(var.throttling.rate, var.throttling.without_token.rate)
    throttling_burst_limit = min(var.throttling.burst, var.throttling.without_token.burst)
  }

  depends_on = [aws_cloudwatch_log_group.api_execution]
}
