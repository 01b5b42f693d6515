# What `crudctl release` needs: the table of its records, and the function that compares both versions and rolls the release back even if
# no releaser is running. The alarms that call it exist only while there is a release: the releaser makes and removes them, with the
# metric filters that count by version (src/crudctl/release/lookout.py). The aliases themselves are in modules/function.

resource "aws_dynamodb_table" "releases" {
  name                        = "${local.prefix}-releases"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "kind"
  range_key                   = "id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "kind"
    type = "S"
  }

  attribute {
    name = "id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = false # with the key that AWS owns, as in table.tf
  }
}

locals {
  # Whom a release reports to: src/crudctl/release/notices.py.
  release_notices = {
    stack     = local.prefix
    runbook   = var.runbook
    topic     = var.alarms ? local.notified : null
    webhook   = var.release_webhook
    dashboard = var.alarms ? local.prefix : null
    table     = aws_dynamodb_table.releases.name
  }
  webhook_parameters = startswith(coalesce(var.release_webhook, "none"), "/") ? ["arn:aws:ssm:${var.region}:${local.account}:parameter${var.release_webhook}"] : []

  rollback_name     = "${local.prefix}-rollback"
  dashboard_arn     = "arn:aws:cloudwatch::${local.account}:dashboard/${local.prefix}"
  alarms_here       = "arn:aws:cloudwatch:${var.region}:${local.account}:alarm:${local.prefix}"
  canary_alarm_arns = "${local.alarms_here}-*-canary-*"
  function_arns     = [for name in values(local.function_names) : "arn:aws:lambda:${var.region}:${local.account}:function:${name}"]
}

resource "aws_lambda_permission" "canary_alarms" {
  statement_id   = "canary-alarms"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rollback.function_name
  principal      = "lambda.alarms.cloudwatch.amazonaws.com"
  source_account = local.account
  source_arn     = local.canary_alarm_arns
}

# It notifies those whom the alarm does not: at the webhook, and on the dashboard.
resource "aws_lambda_permission" "stuck_alarm" {
  statement_id   = "stuck-alarm"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rollback.function_name
  principal      = "lambda.alarms.cloudwatch.amazonaws.com"
  source_account = local.account
  source_arn     = "${local.alarms_here}-release-stuck"
}

resource "aws_lambda_function" "rollback" {
  function_name    = local.rollback_name
  role             = aws_iam_role.rollback.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "crudctl.release.rollback_function.handler"
  s3_bucket        = aws_s3_object.rollback.bucket
  s3_key           = aws_s3_object.rollback.key
  source_code_hash = filebase64sha256(var.rollback_package)
  memory_size      = 256
  timeout          = 60

  environment {
    variables = {
      RELEASES_TABLE = aws_dynamodb_table.releases.name
      NAMESPACE      = local.prefix
      FUNCTIONS      = jsonencode(local.function_names)
      NOTICES        = jsonencode(local.release_notices)
      GATEWAY        = jsonencode({ api = aws_api_gateway_rest_api.api.id, stage = local.stage })
    }
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.rollback.name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
  }

  depends_on = [aws_iam_role_policy.rollback]
}

resource "aws_s3_object" "rollback" {
  bucket      = module.artefacts.name
  key         = "rollback/${filesha256(var.rollback_package)}.zip"
  source      = var.rollback_package
  source_hash = filesha256(var.rollback_package)

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "rollback" {
  name              = "/aws/lambda/${local.rollback_name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "rollback" {
  name                 = local.rollback_name
  permissions_boundary = local.boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "rollback" {
  name = "rollback"
  role = aws_iam_role.rollback.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        # IAM supports no resource smaller than the function for these two.
        Sid      = "Aliases"
        Effect   = "Allow"
        Action   = ["lambda:GetAlias", "lambda:UpdateAlias"]
        Resource = local.function_arns
      },
      {
        Sid      = "Record"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem"]
        Resource = aws_dynamodb_table.releases.arn
      },
      {
        # The stage's deployment, which a rollback points back: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html
        Sid      = "Gateway"
        Effect   = "Allow"
        Action   = ["apigateway:GET", "apigateway:PATCH"]
        Resource = aws_api_gateway_stage.api.arn
      },
      {
        # IAM supports no resource for reading metrics. For reading alarms it wants all of them:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
        Sid      = "Evidence"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"]
        Resource = "*"
      },
      {
        Sid      = "Alarms"
        Effect   = "Allow"
        Action   = ["cloudwatch:DeleteAlarms", "cloudwatch:SetAlarmState"]
        Resource = [local.canary_alarm_arns, "${local.alarms_here}-release-stuck", "${local.alarms_here}-rollback-failed"]
      },
      {
        Sid      = "MetricFilters"
        Effect   = "Allow"
        Action   = ["logs:DeleteMetricFilter", "logs:DescribeMetricFilters"]
        Resource = flatten([for name in values(local.function_names) : [for end in ["", ":*"] : "arn:aws:logs:${var.region}:${local.account}:log-group:/aws/lambda/${name}${end}"]])
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.rollback.arn}:*"
      },
      ], [
      for statement in [
        { Sid = "Topic", Action = ["sns:Publish"], Resource = var.alarms ? [local.notified] : [] },
        { Sid = "Dashboard", Action = ["cloudwatch:GetDashboard", "cloudwatch:PutDashboard"], Resource = var.alarms ? [local.dashboard_arn] : [] },
        # No key: that of AWS, which encrypts parameters by default, may be used by whoever may read the parameter.
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
        { Sid = "Webhook", Action = ["ssm:GetParameter"], Resource = local.webhook_parameters },
      ] : merge(statement, { Effect = "Allow" }) if length(statement.Resource) > 0
    ])
  })
}
