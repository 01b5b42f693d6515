# The most that any role of the stack can ever do, whatever policy a deploy attaches to it. It allows what all those roles need
# together; each role's own policy is narrower.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html

resource "aws_iam_policy" "boundary" {
  name = "${local.prefix}-boundary"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Data"
        Effect = "Allow"
        Action = [
          "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
        ]
        Resource = [
          "arn:aws:dynamodb:${var.region}:${local.account}:table/${local.prefix}-*",
        ]
      },
      {
        Sid      = "DataRoles"
        Effect   = "Allow"
        Action   = ["sts:AssumeRole", "sts:TagSession"]
        Resource = "arn:aws:iam::${local.account}:role/${local.prefix}-*-data"
      },
      {
        Sid      = "RollBackReleases"
        Effect   = "Allow"
        Action   = ["lambda:GetAlias", "lambda:UpdateAlias"]
        Resource = "arn:aws:lambda:${var.region}:${local.account}:function:${local.prefix}-*"
      },
      {
        Sid      = "CompareReleases"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"]
        Resource = "*"
      },
      {
        Sid    = "ResetAlarms"
        Effect = "Allow"
        Action = ["cloudwatch:DeleteAlarms", "cloudwatch:SetAlarmState"]
        Resource = [
          for name in ["*-canary-*", "*release-stuck", "*rollback-failed"] : "arn:aws:cloudwatch:${var.region}:${local.account}:alarm:${local.prefix}-${name}"
        ]
      },
      {
        Sid      = "StopCountingReleases"
        Effect   = "Allow"
        Action   = ["logs:DeleteMetricFilter", "logs:DescribeMetricFilters"]
        Resource = "arn:aws:logs:${var.region}:${local.account}:log-group:/aws/lambda/${local.prefix}-*"
      },
      {
        # The ids of APIs are random, so that the role of the function `rollback` alone may point a stage to another deployment.
        Sid       = "RestoreTheGateway"
        Effect    = "Allow"
        Action    = ["apigateway:GET", "apigateway:PATCH"]
        Resource  = local.stages
        Condition = { ArnLike = { "aws:PrincipalArn" = [for name in local.own : "arn:aws:iam::${local.account}:role/${name}-rollback"] } }
      },
      {
        # A topic of the team's may have any name, and be another account's.
        Sid      = "NotifyOfReleases"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = local.notified
      },
      {
        Sid      = "PostReleases"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = local.webhooks
      },
      {
        Sid      = "ShowReleases"
        Effect   = "Allow"
        Action   = ["cloudwatch:GetDashboard", "cloudwatch:PutDashboard"]
        Resource = local.dashboards
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${var.region}:${local.account}:log-group:/aws/lambda/${local.prefix}-*"
      },
      {
        # API Gateway wants these for any group: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        # Only its own role has them, so no function can read the logs of others.
        Sid    = "GatewayLogs"
        Effect = "Allow"
        Action = [
          "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams",
          "logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents",
        ]
        Resource  = "*"
        Condition = { ArnLike = { "aws:PrincipalArn" = [for name in local.own : "arn:aws:iam::${local.account}:role/${name}-gateway-logging"] } }
      },
      {
        Sid      = "Traces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      },
    ]
  })
}
