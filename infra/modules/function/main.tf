# One function: its role and log group, the aliases `prod` (what API Gateway calls) and `canary`.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  with_data_role = var.abac && length(var.data) > 0
  data_access = [
    for sid, access in var.data : { Sid = sid, Effect = "Allow", Action = access.actions, Resource = access.resource }
  ]
  assume_data_role = [
    for role in aws_iam_role.data : { Sid = "AssumeDataRole", Effect = "Allow", Action = ["sts:AssumeRole", "sts:TagSession"], Resource = role.arn }
  ]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "this" {
  name                 = var.name
  permissions_boundary = var.boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "function"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this.arn}:*"
      },
      {
        # These two actions support no resource.
        Sid      = "Traces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      },
      # Access to the data, or to the role that may reach it for one owner at a time.
    ], [for statement in local.data_access : statement if !var.abac], local.assume_data_role)
  })
}

resource "aws_lambda_function" "this" {
  function_name                  = var.name
  role                           = aws_iam_role.this.arn
  runtime                        = "python3.13"
  architectures                  = ["arm64"]
  handler                        = var.handler
  s3_bucket                      = var.code.bucket
  s3_key                         = var.code.key
  source_code_hash               = var.code.sha256
  publish                        = true
  memory_size                    = var.settings.memory_size
  timeout                        = var.settings.timeout
  reserved_concurrent_executions = var.settings.reserved_concurrency

  environment {
    variables = merge(var.environment, local.with_data_role ? { DATA_ROLE_ARN = aws_iam_role.data[0].arn } : {})
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.this.name
    log_format            = "JSON"
    application_log_level = "INFO" # a request's log line also carries its metrics, so it is never filtered
    system_log_level      = "INFO" # start and report: a third of a request's bytes, and all that is known of cold starts, memory and timeouts
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "snap_start" {
    for_each = var.settings.snap_start ? [1] : []
    content {
      apply_on = "PublishedVersions"
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

# Terraform creates the aliases; after that, `crudctl release` decides where they point.
resource "aws_lambda_alias" "this" {
  for_each = toset(["prod", "canary"])

  name             = each.key
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    ignore_changes = [description, function_version, routing_config]
  }
}

resource "aws_lambda_permission" "gateway" {
  for_each = var.routes

  # Another route has another id, so that both permissions exist until the stage serves the new one.
  statement_id  = "api-gateway-${each.key}-${substr(sha256(each.value), 0, 8)}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.this["prod"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = each.value

  lifecycle {
    create_before_destroy = true
  }
}
