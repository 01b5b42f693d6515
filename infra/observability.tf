resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/${local.prefix}"
  retention_in_days = var.log_retention_days
}

# API Gateway writes its errors here. A group that it created itself would be kept forever.
resource "aws_cloudwatch_log_group" "api_execution" {
  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.api.id}/${local.stage}"
  retention_in_days = var.log_retention_days
}

locals {
  # One line per request, without user names, tokens or bodies. Method and resource tell the operation: AWS has no variable for it.
  # What a function knows better is in its own line: the version, the caller, the resource, the problem. Both have the request's id, its
  # method and the status that each saw. Of what a caller sends, only the id is here; API Gateway cuts a line after 1,024 bytes.
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
  access_log_format = jsonencode({
    request_id             = "$context.requestId"
    function_request_id    = "$context.integration.requestId" # the only link to the log of a function that crashed
    extended_request_id    = "$context.extendedRequestId"
    method                 = "$context.httpMethod"
    resource               = "$context.resourcePath"
    status                 = "$context.status"
    latency_ms             = "$context.responseLatency"
    integration_latency_ms = "$context.integrationLatency"
    integration_status     = "$context.integrationStatus"
    integration_error      = "$context.integration.error"
    response_type          = "$context.error.responseType"
    response_bytes         = "$context.responseLength"
    client_id              = "$context.authorizer.claims.client_id"
    source_ip              = "$context.identity.sourceIp"
    trace_id               = "$context.xrayTraceId"
  })
}

resource "aws_iam_role" "gateway_logging" {
  count                = var.gateway_logging_role ? 1 : 0
  name                 = "${local.prefix}-gateway-logging"
  permissions_boundary = local.boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
      # Not for the APIs of other accounts: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
      # IfExists, because no page says whether API Gateway sends the key when it assumes this role.
      Condition = { StringEqualsIfExists = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "gateway_logging" {
  count = var.gateway_logging_role ? 1 : 0

  role       = aws_iam_role.gateway_logging[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "logging" {
  count = var.gateway_logging_role ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.gateway_logging[0].arn

  depends_on = [aws_iam_role_policy_attachment.gateway_logging]
}

# API Gateway has no metric for requests that it throttles. One custom metric.
resource "aws_cloudwatch_log_metric_filter" "throttled" {
  name           = "throttled"
  log_group_name = aws_cloudwatch_log_group.api.name
  pattern        = "{ $.status = \"429\" }"

  metric_transformation {
    namespace = local.prefix
    name      = "Throttled"
    value     = "1"
    unit      = "Count"
  }
}

# The duration of cold starts, from the platform's own reports. One metric, because all functions are one zip.
resource "aws_cloudwatch_log_metric_filter" "init_duration" {
  for_each = local.function_names

  name           = "init-duration"
  log_group_name = "/aws/lambda/${each.value}"
  pattern        = "{ $.record.metrics.initDurationMs = * }"

  metric_transformation {
    namespace = local.prefix
    name      = "InitDuration"
    value     = "$.record.metrics.initDurationMs"
    unit      = "Milliseconds"
  }

  depends_on = [module.function]
}

# Which requests are traced is decided where they arrive; the functions follow. The account's own rule, Default, is the first request of
# each second and 5 % of the others, which at little traffic is every request. The name of a rule has 32 characters at most.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html
resource "aws_xray_sampling_rule" "api" {
  count = var.trace_share == null ? 0 : 1

  rule_name      = length(local.prefix) <= 32 ? local.prefix : "${substr(local.prefix, 0, 23)}-${substr(sha256(local.prefix), 0, 8)}"
  version        = 1
  priority       = 1000
  reservoir_size = 0
  fixed_rate     = var.trace_share
  service_type   = "AWS::ApiGateway::Stage"
  service_name   = "${aws_api_gateway_rest_api.api.name}/${local.stage}"
  resource_arn   = "*"
  host           = "*"
  http_method    = "*"
  url_path       = "*"
}

locals {
  function_groups = [for name in values(local.function_names) : "/aws/lambda/${name}"]

  # Saved queries, in CloudWatch under Logs Insights. `crudctl logs` and `trace` show the same in a terminal.
  queries = {
    one-request = {
      groups = concat(local.function_groups, [aws_cloudwatch_log_group.api.name])
      query  = "filter request_id = \"REQUEST ID\" or record.requestId = \"FUNCTION REQUEST ID\" or requestId = \"FUNCTION REQUEST ID\" | sort @timestamp"
    }
    failures = {
      groups = local.function_groups
      query  = "filter status >= 500 | stats count() as failures, latest(request_id) as for_example by operation, version, error | sort failures desc"
    }
    crashes-and-timeouts = {
      groups = local.function_groups
      query  = "filter record.status in [\"error\", \"timeout\"] or ispresent(errorType) | fields @timestamp, @log, coalesce(record.requestId, requestId) as function_request_id, record.status, errorType | sort @timestamp desc | limit 100"
    }
    failures-at-the-gateway = {
      groups = [aws_cloudwatch_log_group.api.name]
      query  = "filter status >= 500 | stats count() as failures, latest(request_id) as for_example by method, resource, status, integration_error, response_type | sort failures desc"
    }
    refusals-at-the-gateway = {
      groups = [aws_cloudwatch_log_group.api.name]
      query  = "filter status in [\"401\", \"403\", \"413\", \"429\"] | stats count() as refused by status, response_type, client_id, source_ip | sort refused desc | limit 50"
    }
    replays-and-conflicts = {
      groups = local.function_groups
      query  = "filter ispresent(replayed) or status in [409, 412] | stats count() as responses by operation, status, replayed, bin(1h)"
    }
    troubles-of-the-table = {
      groups = local.function_groups
      query  = "filter ispresent(TableThrottled) or ispresent(TableErrors) | stats sum(TableThrottled) as throttled, sum(TableErrors) as failed, latest(request_id) as for_example by operation, status, bin(5m)"
    }
    slowest = {
      groups = local.function_groups
      query  = "filter ispresent(duration_ms) | sort duration_ms desc | fields @timestamp, operation, version, duration_ms, cold_start, status, request_id | limit 50"
    }
    cold-starts = {
      groups = local.function_groups
      query  = "filter type = \"platform.report\" and ispresent(record.metrics.initDurationMs) | stats count() as cold_starts, avg(record.metrics.initDurationMs) as average_ms, max(record.metrics.initDurationMs) as longest_ms by @log"
    }
  }
}

resource "aws_cloudwatch_query_definition" "logs" {
  for_each = local.queries

  name            = "${local.prefix}/${each.key}"
  log_group_names = each.value.groups
  query_string    = each.value.query

  depends_on = [module.function]
}
