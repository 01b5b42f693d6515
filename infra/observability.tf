resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/${local.prefix}"
  retention_in_days = var.log_retention_days
}

# API Gateway writes its errors here; made by itself, the group would be kept for ever.
resource "aws_cloudwatch_log_group" "api_execution" {
  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.items.id}/${local.stage}"
  retention_in_days = var.log_retention_days
}

locals {
  # One line a request, without user names, tokens or bodies.
  access_log_format = jsonencode({
    request_id             = "$context.requestId"
    extended_request_id    = "$context.extendedRequestId"
    time                   = "$context.requestTimeEpoch"
    method                 = "$context.httpMethod"
    resource               = "$context.resourcePath"
    operation              = "$context.operationName"
    status                 = "$context.status"
    latency_ms             = "$context.responseLatency"
    integration_latency_ms = "$context.integrationLatency"
    integration_status     = "$context.integrationStatus"
    integration_error      = "$context.integrationErrorMessage"
    response_type          = "$context.error.responseType"
    response_bytes         = "$context.responseLength"
    client_id              = "$context.authorizer.claims.client_id"
    source_ip              = "$context.identity.sourceIp"
    waf_response           = "$context.wafResponseCode"
    trace_id               = "$context.xrayTraceId"
  })
}

resource "aws_iam_role" "gateway_logging" {
  count = var.gateway_logging_role ? 1 : 0
  name  = "${local.prefix}-gateway-logging"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
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

resource "aws_sns_topic" "alarms" {
  name = "${local.prefix}-alarms"
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

# Crashes and timeouts, which the function cannot count itself.
resource "aws_cloudwatch_metric_alarm" "crashes" {
  for_each = local.function_names

  alarm_name          = "${each.value}-crashes"
  alarm_description   = "${each.value} crashed or timed out."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = each.value, Resource = "${each.value}:prod" }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# Answers of 500 and above, which Lambda takes for a success.
resource "aws_cloudwatch_metric_alarm" "faults" {
  for_each = local.functions

  alarm_name          = "${local.prefix}-${each.key}-faults"
  alarm_description   = "${each.key} answered 500 or above."
  namespace           = local.prefix
  metric_name         = "Faults"
  dimensions          = { operation = each.key }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# Also what never reached a function: no permission to call it, no concurrency left, no answer in time.
resource "aws_cloudwatch_metric_alarm" "gateway_faults" {
  alarm_name          = "${local.prefix}-gateway-faults"
  alarm_description   = "The API answered 500 or above."
  namespace           = "AWS/ApiGateway"
  metric_name         = "5XXError"
  dimensions          = { ApiName = aws_api_gateway_rest_api.items.name, Stage = local.stage }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
