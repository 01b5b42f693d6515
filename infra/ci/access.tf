# What a plan has to read and a deploy has to change, service by service. Actions without a resource support none:
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

locals {
  here  = "${var.region}:${local.account}"
  state = "arn:aws:s3:::${local.prefix}-state-${local.account}"
  # Of the environment itself, and of all with a number. `orders-pr*` would be wrong: it matches orders-prod.
  buckets = flatten([
    for name in ["artefacts", "site"] : [for of in [local.prefix, "${local.prefix}-*"] : "arn:aws:s3:::${of}-${name}-${local.account}"]
  ])
  stack_roles = "arn:aws:iam::${local.account}:role/${local.prefix}-*"
  # API Gateway names the execution log after the API's random id.
  groups = [
    for name in [
      "/aws/lambda/${local.prefix}-*", "/aws/apigateway/${local.prefix}", "/aws/apigateway/${local.prefix}:*", "/aws/apigateway/${local.prefix}-*",
      "API-Gateway-Execution-Logs_*", "aws-waf-logs-${local.prefix}", "aws-waf-logs-${local.prefix}:*", "aws-waf-logs-${local.prefix}-*",
    ] : "arn:aws:logs:${local.here}:log-group:${name}"
  ]

  # None of these actions reads data, a user or a log line.
  read = [
    { Effect = "Allow", Action = ["s3:ListBucket", "s3:GetBucketVersioning"], Resource = local.state },
    { Effect = "Allow", Action = "s3:GetObject", Resource = "${local.state}/terraform.tfstate*" },
    { Effect = "Allow", Action = ["s3:Get*", "s3:List*"], Resource = flatten([for arn in local.buckets : [arn, "${arn}/*"]]) },
    {
      Effect   = "Allow"
      Action   = ["dynamodb:Describe*", "dynamodb:ListTagsOfResource"]
      Resource = "arn:aws:dynamodb:${local.here}:table/${local.prefix}-*"
    },
    {
      Effect = "Allow"
      Action = [
        "lambda:GetAlias", "lambda:GetFunction*", "lambda:GetPolicy", "lambda:GetRuntimeManagementConfig",
        "lambda:ListAliases", "lambda:ListTags", "lambda:ListVersionsByFunction",
      ]
      Resource = "arn:aws:lambda:${local.here}:function:${local.prefix}-*"
    },
    { Effect = "Allow", Action = "lambda:GetAccountSettings", Resource = "*" }, # `crudctl doctor`: quotas
    {
      Effect   = "Allow"
      Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
      Resource = local.stack_roles
    },
    { Effect = "Allow", Action = "apigateway:GET", Resource = "arn:aws:apigateway:${var.region}::/*" },
    {
      Effect = "Allow"
      Action = ["cognito-idp:Describe*", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:ListTagsForResource"]
      # A pool's id is random; a domain has no resource.
      Resource = "*"
    },
    { Effect = "Allow", Action = ["cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource"], Resource = "*" },
    { Effect = "Allow", Action = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetric*", "cloudwatch:ListMetrics"], Resource = "*" },
    {
      Effect = "Allow"
      Action = [
        "logs:DescribeLogGroups", "logs:DescribeMetricFilters", "logs:DescribeQueryDefinitions",
        "logs:DescribeResourcePolicies", "logs:ListTagsForResource",
      ]
      Resource = "*"
    },
    {
      Effect   = "Allow"
      Action   = ["sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListTagsForResource"]
      Resource = "arn:aws:sns:${local.here}:${local.prefix}-*"
    },
    {
      Effect = "Allow"
      Action = [
        "cloudfront:GetDistribution*", "cloudfront:GetOriginAccessControl*", "cloudfront:GetResponseHeadersPolicy*",
        "cloudfront:ListTagsForResource",
      ]
      Resource = "arn:aws:cloudfront::${local.account}:*"
    },
    {
      Effect   = "Allow"
      Action   = ["wafv2:GetLoggingConfiguration", "wafv2:GetWebACL*", "wafv2:ListTagsForResource"]
      Resource = ["arn:aws:wafv2:${local.here}:regional/*", "arn:aws:apigateway:${var.region}::/restapis/*"]
    },
    {
      Effect   = "Allow"
      Action   = ["budgets:ViewBudget", "budgets:ListTagsForResource"]
      Resource = "arn:aws:budgets::${local.account}:budget/${local.prefix}-*"
    },
  ]

  # Two users for the API test suite and for `crudctl verify`, which removes its own and reads what was logged about its requests. The
  # role may do so in any pool of the account, one more reason for separate accounts.
  test_users = [
    for statement in [
      {
        Effect = "Allow"
        Action = [
          "cognito-idp:AdminCreateUser", "cognito-idp:AdminDeleteUser", "cognito-idp:AdminSetUserPassword",
          "cognito-idp:ListUserPoolClients", "cognito-idp:ListUsers",
        ]
        Resource = ["arn:aws:cognito-idp:${local.here}:userpool/*"]
      },
      { Effect = "Allow", Action = ["logs:FilterLogEvents"], Resource = slice(local.groups, 0, 2) },
    ] : statement if var.env != "prod"
  ]

  write = concat(local.test_users, [
    { Effect = "Allow", Action = ["s3:PutObject", "s3:DeleteObject"], Resource = "${local.state}/terraform.tfstate*" },
    { Effect = "Allow", Action = "s3:*", Resource = flatten([for arn in local.buckets : [arn, "${arn}/*"]]) },
    {
      # The tables, and the records of releases; no data.
      Effect = "Allow"
      Action = [
        "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
      ]
      Resource = "arn:aws:dynamodb:${local.here}:table/${local.prefix}-*"
    },
    {
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
      Resource = "arn:aws:dynamodb:${local.here}:table/${local.prefix}-releases"
    },
    { Effect = "Allow", Action = "lambda:*", Resource = "arn:aws:lambda:${local.here}:function:${local.prefix}-*" },
    {
      # Roles of the stack, and only with the boundary.
      Effect    = "Allow"
      Action    = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = local.stack_roles
      Condition = { StringEquals = { "iam:PermissionsBoundary" = aws_iam_policy.boundary.arn } }
    },
    {
      Effect = "Allow"
      Action = [
        "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
      ]
      Resource = local.stack_roles
    },
    {
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = local.stack_roles
      Condition = { StringEquals = { "iam:PassedToService" = ["apigateway.amazonaws.com", "lambda.amazonaws.com"] } }
    },
    {
      Effect    = "Allow"
      Action    = "iam:CreateServiceLinkedRole"
      Resource  = "arn:aws:iam::${local.account}:role/aws-service-role/*"
      Condition = { StringEquals = { "iam:AWSServiceName" = ["ops.apigateway.amazonaws.com", "wafv2.amazonaws.com"] } }
    },
    {
      Effect = "Allow"
      Action = [
        "apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "apigateway:SetWebACL",
        "apigateway:UpdateRestApiPolicy",
      ]
      Resource = [
        for path in ["account", "restapis", "restapis/*", "tags/*"] : "arn:aws:apigateway:${var.region}::/${path}"
      ]
    },
    {
      # User pools and their clients; no users.
      Effect = "Allow"
      Action = flatten([
        [for what in ["UserPool", "UserPoolClient", "UserPoolDomain", "ResourceServer"] : [
          "cognito-idp:Create${what}", "cognito-idp:Delete${what}", "cognito-idp:Update${what}",
        ]],
        ["cognito-idp:SetRiskConfiguration", "cognito-idp:SetUserPoolMfaConfig", "cognito-idp:TagResource", "cognito-idp:UntagResource"],
      ])
      Resource = "*"
    },
    {
      Effect = "Allow"
      Action = [
        "cloudwatch:DeleteAlarms", "cloudwatch:PutCompositeAlarm", "cloudwatch:PutMetricAlarm", "cloudwatch:SetAlarmState",
        "cloudwatch:TagResource", "cloudwatch:UntagResource",
      ]
      Resource = "arn:aws:cloudwatch:${local.here}:alarm:${local.prefix}-*"
    },
    {
      Effect   = "Allow"
      Action   = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"]
      Resource = [for name in [local.prefix, "${local.prefix}-*"] : "arn:aws:cloudwatch::${local.account}:dashboard/${name}"]
    },
    {
      Effect = "Allow"
      Action = [
        "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteMetricFilter", "logs:PutMetricFilter",
        "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
      ]
      Resource = local.groups
    },
    {
      # Log delivery for the access logs of API Gateway and AWS WAF, and saved queries.
      Effect = "Allow"
      Action = [
        "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DeleteQueryDefinition", "logs:GetLogDelivery",
        "logs:ListLogDeliveries", "logs:PutQueryDefinition", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
      ]
      Resource = "*"
    },
    {
      Effect = "Allow"
      Action = [
        "sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource",
        "sns:Unsubscribe", "sns:UntagResource",
      ]
      Resource = "arn:aws:sns:${local.here}:${local.prefix}-*"
    },
    {
      # CloudFront's resources have random ids.
      Effect = "Allow"
      Action = flatten([for what in ["Distribution", "OriginAccessControl", "ResponseHeadersPolicy"] : [
        "cloudfront:Create${what}", "cloudfront:Delete${what}", "cloudfront:Update${what}",
      ]])
      Resource = "arn:aws:cloudfront::${local.account}:*"
    },
    { Effect = "Allow", Action = ["cloudfront:TagResource", "cloudfront:UntagResource"], Resource = "arn:aws:cloudfront::${local.account}:*" },
    {
      Effect = "Allow"
      Action = [
        "wafv2:AssociateWebACL", "wafv2:CreateWebACL", "wafv2:DeleteLoggingConfiguration", "wafv2:DeleteWebACL",
        "wafv2:DisassociateWebACL", "wafv2:PutLoggingConfiguration", "wafv2:TagResource", "wafv2:UntagResource",
        "wafv2:UpdateWebACL",
      ]
      Resource = [
        "arn:aws:wafv2:${local.here}:regional/webacl/${local.prefix}-*", "arn:aws:wafv2:${local.here}:regional/managedruleset/*",
        "arn:aws:apigateway:${var.region}::/restapis/*",
      ]
    },
    {
      Effect   = "Allow"
      Action   = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"]
      Resource = "arn:aws:budgets::${local.account}:budget/${local.prefix}-*"
    },
  ])
}
