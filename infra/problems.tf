# The gateway's own errors, in the same form as those of src/functions/errors.py.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html

locals {
  problems = {
    invalid_request = { status = 400, title = "Invalid request", detail = "A required parameter is missing or the request cannot be read." }
    unauthorized = { status = 401, title = "Unauthorized", detail = "Send a valid access token with a scope of this API: Authorization: Bearer <access token>."
    headers = { WWW-Authenticate = "'Bearer'" } }
    forbidden          = { status = 403, title = "Forbidden", detail = "The request is not allowed." }
    not_found          = { status = 404, title = "Not found", detail = "There is nothing at this path." }
    method_not_allowed = { status = 405, title = "Method not allowed", detail = "This path does not allow this method; see Allow." }
    payload_too_large  = { status = 413, title = "Payload too large", detail = "The body must not be larger than 131072 bytes." }
    # Only the mocks of methods.tf respond with it: to a method that the path does not have, and to OPTIONS.
    unsupported_media_type = { status = 415, title = "Unsupported media type"
    detail = "This path may not allow this method: send OPTIONS without a body to see those it allows. If it does, send the Content-Type that the operation accepts." }
    too_many_requests = { status = 429, title = "Too many requests", detail = "Wait for the seconds given in Retry-After, then try again."
    headers = { Retry-After = "'1'" } }
    # Also when Lambda has no concurrency left for a function, which API Gateway does not distinguish from a failure.
    # https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
    internal_error = { status = 500, title = "Internal error", detail = "The service failed. Quote the request id when you report it."
    headers = { Retry-After = "'1'" } }
    unavailable = { status = 503, title = "Unavailable", detail = "The service is temporarily unavailable. Try again."
    headers = { Retry-After = "'1'" } }
  }

  problem_of_gateway_response = {
    ACCESS_DENIED                  = "forbidden"
    API_CONFIGURATION_ERROR        = "internal_error"
    AUTHORIZER_CONFIGURATION_ERROR = "internal_error"
    AUTHORIZER_FAILURE             = "internal_error"
    BAD_REQUEST_BODY               = "invalid_request"
    BAD_REQUEST_PARAMETERS         = "invalid_request"
    DEFAULT_5XX                    = "internal_error"
    EXPIRED_TOKEN                  = "unauthorized"
    INTEGRATION_FAILURE            = "unavailable"
    INTEGRATION_TIMEOUT            = "unavailable"
    INVALID_API_KEY                = "forbidden"
    QUOTA_EXCEEDED                 = "too_many_requests"
    REQUEST_TOO_LARGE              = "payload_too_large"
    THROTTLED                      = "too_many_requests"
    UNAUTHORIZED                   = "unauthorized"
    UNSUPPORTED_MEDIA_TYPE         = "unsupported_media_type"
    WAF_FILTERED                   = "forbidden"

    # A path that is not in the contract. The gateway then expects an AWS signature and reports what it
    # finds instead; a bearer token is one of the errors without a type of its own.
    DEFAULT_4XX                  = "not_found"
    INVALID_SIGNATURE            = "not_found"
    MISSING_AUTHENTICATION_TOKEN = "not_found"
    RESOURCE_NOT_FOUND           = "not_found"
  }

  problem_headers = merge(local.cors_headers, {
    Cache-Control          = "'no-store'"
    Content-Type           = "'application/problem+json'"
    X-Content-Type-Options = "'nosniff'"
    X-Correlation-Id       = "context.requestId" # only the functions check whether the caller's own may be returned
  })
  problem_documents = {
    for name, problem in local.problems : name => jsonencode({
      type       = "${local.service.problems}${replace(name, "_", "-")}"
      title      = problem.title
      status     = problem.status
      detail     = problem.detail
      request_id = "$context.requestId"
    })
  }

  gateway_responses = {
    for kind, name in local.problem_of_gateway_response : kind => {
      statusCode         = tostring(local.problems[name].status)
      responseParameters = { for header, value in merge(local.problem_headers, try(local.problems[name].headers, {})) : "gatewayresponse.header.${header}" => value }
      # The gateway renders only this key, whatever the client accepts.
      responseTemplates = { "application/json" = local.problem_documents[name] }
    }
  }
}
