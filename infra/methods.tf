# The methods of each path: those of the contract, HEAD for each GET, and what the gateway answers itself - preflight requests, and
# 405 to every other method.

locals {
  contract = jsondecode(file(var.contract))

  operations = merge([
    for path, methods in local.contract.paths : {
      for method, operation in methods : "${upper(method)} ${path}" => {
        id       = operation.operationId
        function = try(local.service.operations[operation.operationId].function, operation.operationId)
        method   = upper(method)
        path     = path
        scopes   = distinct(flatten([for requirement in try(operation.security, []) : values(requirement)]))
        source   = method
      }
    }
  ]...)

  # A part of an operationId that no other path has: OpenAPI wants each to be unique, and a warning fails the import.
  path_words = { for path in keys(local.contract.paths) : path => replace(title(replace(path, "/[^A-Za-z0-9]+/", " ")), " ", "") }
  path_names = {
    for path, words in local.path_words :
    path => length([for other in values(local.path_words) : other if other == words]) == 1 ? words : "${words}${substr(sha1(path), 0, 8)}"
  }

  # HEAD is GET without the body, so the same function serves it, for the same scopes (RFC 9110, section 9.3.2).
  methods = merge({
    for operation in local.operations : "HEAD ${operation.path}" => merge(operation, { id = "HEAD_${operation.id}", method = "HEAD" })
    if operation.method == "GET"
  }, local.operations)

  # What API Gateway may call the functions for: also operations that the contract no longer has, as long as users or the way back need them.
  routes = flatten([
    for operation in local.service.operations : [
      for method in operation.method == "GET" ? ["GET", "HEAD"] : [operation.method] :
      {
        # A function serves each method once, except while one of its operations is at two paths.
        key      = can(operation.moved) ? "${lower(method)}-${substr(sha256(operation.path), 0, 8)}" : lower(method)
        method   = method
        path     = operation.path
        function = operation.function
      }
    ]
  ])

  allowed = {
    for path in keys(local.contract.paths) :
    path => join(", ", concat(sort([for method in local.methods : method.method if method.path == path]), ["OPTIONS"]))
  }

  # Of which a token needs one to reach a function, besides the operation's own. A token of the password flow carries none of the API's;
  # the functions accept its scope from that app client only.
  admitted_scopes = concat(
    var.gateway_scopes == "any" ? keys(local.service.scopes) : [],
    var.password_client ? ["aws.cognito.signin.user.admin"] : [],
  )

  # Any origin may call: the page sends the token, not the browser, so no origin needs to be trusted.
  cors_headers = {
    Access-Control-Allow-Origin   = "'*'"
    Access-Control-Expose-Headers = "'Allow, Deprecation, ETag, Idempotent-Replayed, Link, Location, Retry-After, Sunset, traceparent, WWW-Authenticate, X-Correlation-Id'"
  }
  preflight_headers = {
    Access-Control-Allow-Origin  = "'*'"
    Access-Control-Allow-Headers = "'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent, X-Correlation-Id'"
    Access-Control-Max-Age       = "'7200'"
    X-Content-Type-Options       = "'nosniff'"
  }

  # Methods that the gateway answers without a token and without a function: the status, headers and body of each path.
  answered = {
    for path, allowed in local.allowed : path => {
      options = {
        name        = "preflight"
        summary     = "Preflight request of browsers before a request from another origin"
        description = "The methods and headers that are allowed."
        status      = 204
        headers     = merge(local.preflight_headers, { Access-Control-Allow-Methods = "'${allowed}'", Allow = "'${allowed}'" })
        templates   = {}
      }
      x-amazon-apigateway-any-method = {
        name        = "methodNotAllowed"
        summary     = "Every method that the path does not have"
        description = local.problems.method_not_allowed.title
        status      = local.problems.method_not_allowed.status
        headers     = merge(local.problem_headers, { Allow = "'${allowed}'" })
        templates   = { "application/json" = local.problem_documents.method_not_allowed }
      }
    }
  }

  # A MOCK integration has the status that its request template says, and the template is chosen by the request's Content-Type. Without
  # a template for it the client's own body would be read instead, so every other type is refused with 415.
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
  mocked_types = [
    "application/graphql", "application/hal+json", "application/json", "application/json-patch+json", "application/ld+json",
    "application/merge-patch+json", "application/octet-stream", "application/pdf", "application/problem+json",
    "application/vnd.api+json", "application/x-ndjson", "application/x-www-form-urlencoded", "application/xml", "application/yaml",
    "image/jpeg", "image/png", "multipart/form-data", "text/csv", "text/html", "text/plain", "text/xml",
  ]

  paths = {
    for path, methods in local.contract.paths : path => merge(
      {
        for method in local.methods : lower(method.method) => merge(methods[method.source], {
          operationId = method.id
          security    = [{ cognito = distinct(concat(method.scopes, local.admitted_scopes)) }]
          x-amazon-apigateway-integration = {
            type                = "aws_proxy"
            httpMethod          = "POST"
            passthroughBehavior = "when_no_match"
            timeoutInMillis     = 29000
            uri = format("arn:aws:apigateway:%s:lambda:path/2015-03-31/functions/arn:aws:lambda:%s:%s:function:%s:prod/invocations",
            var.region, var.region, local.account, lookup(local.function_names, method.function, "none"))
          }
        }) if method.path == path
      },
      {
        for method, answer in local.answered[path] : method => {
          operationId = "${answer.name}${local.path_names[path]}"
          summary     = answer.summary
          security    = []
          parameters  = [for name in flatten(regexall("\\{([^}]+)\\}", path)) : { name = name, in = "path", required = true, schema = { type = "string" } }]
          responses = {
            (answer.status) = {
              description = answer.description
              headers     = { for name in keys(answer.headers) : name => { schema = { type = "string" } } }
            }
          }
          x-amazon-apigateway-integration = {
            type                = "mock"
            passthroughBehavior = "never"
            requestTemplates    = { for type in local.mocked_types : type => jsonencode({ statusCode = answer.status }) }
            responses = {
              default = {
                statusCode         = tostring(answer.status)
                responseParameters = { for name, value in answer.headers : "method.response.header.${name}" => value }
                responseTemplates  = answer.templates
              }
            }
          }
        }
      },
    )
  }
}
