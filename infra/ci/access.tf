# What a plan has to read, and a deploy has to change: service by service, each action by its name, so that `tests/oracles` can compare
# it with what AWS documents. An action that supports no resource is allowed on "*", because AWS denies it on anything else:
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

locals {
  here = "${var.region}:${local.account}"

  # Of this environment and of the members of its family: `pr` has pr-1, pr-2, … A hyphen follows the name, so that `pr` is not also `prod`.
  own         = [local.prefix, "${local.prefix}-*"]
  tables      = "arn:aws:dynamodb:${local.here}:table/${local.prefix}-*"
  functions   = "arn:aws:lambda:${local.here}:function:${local.prefix}-*"
  alarms      = "arn:aws:cloudwatch:${local.here}:alarm:${local.prefix}-*"
  topics      = "arn:aws:sns:${local.here}:${local.prefix}-*"
  notified    = "arn:aws:sns:${var.region}:*:*" # a topic of the team's may have any name, and be another account's
  webhooks    = "arn:aws:ssm:${local.here}:parameter/${var.name}/${var.env}/*"
  stack_roles = "arn:aws:iam::${local.account}:role/${local.prefix}-*"
  dashboards  = [for name in local.own : "arn:aws:cloudwatch::${local.account}:dashboard/${name}"]
  budgets     = [for name in local.own : "arn:aws:budgets::${local.account}:budget/${name}"]
  releases    = [for name in local.own : "arn:aws:dynamodb:${local.here}:table/${name}-releases"]
  buckets     = flatten([for kind in ["artefacts", "site"] : [for name in local.own : "arn:aws:s3:::${name}-${kind}-${local.account}"]])
  objects     = [for arn in local.buckets : "${arn}/*"]
  state       = "arn:aws:s3:::${local.prefix}-state-${local.account}"
  web_acls    = "arn:aws:wafv2:${local.here}:regional/webacl/${local.prefix}-*"
  stages      = "arn:aws:apigateway:${var.region}::/restapis/*/stages/*"
  # The name of a sampling rule is cut after 23 characters if it is too long.
  sampling = [for name in length(local.prefix) <= 23 ? local.own : ["${substr(local.prefix, 0, 23)}*"] : "arn:aws:xray:${local.here}:sampling-rule/${name}"]
  # The ids of user pools, APIs and CloudFront's resources are random; a user pool is recognised by its tags.
  pools      = "arn:aws:cognito-idp:${local.here}:userpool/*"
  cloudfront = { for kind in ["distribution", "origin-access-control", "response-headers-policy"] : kind => "arn:aws:cloudfront::${local.account}:${kind}/*" }
  # API Gateway names the execution log after the API's random id. Some actions have `:*` at the end of a group's ARN.
  groups = [
    for name in flatten([
      "/aws/lambda/${local.prefix}-*", "API-Gateway-Execution-Logs_*",
      [for kind in ["/aws/apigateway/", "aws-waf-logs-"] : ["${kind}${local.prefix}", "${kind}${local.prefix}:*", "${kind}${local.prefix}-*"]],
    ]) : "arn:aws:logs:${local.here}:log-group:${name}"
  ]

  # None of these actions reads data, a user or a log line. The workflow that plans for prod reports that the deploy waits for its
  # approval; no pull request may assume its role.
  announce = [for statement in [
    { Effect = "Allow", Action = "sns:Publish", Resource = local.notified },
    { Effect = "Allow", Action = "ssm:GetParameter", Resource = local.webhooks },
  ] : statement if var.env == "prod"]
  read = concat(local.announce, [
    { Effect = "Allow", Action = ["s3:ListBucket", "s3:GetBucketVersioning"], Resource = local.state },
    { Effect = "Allow", Action = "s3:GetObject", Resource = "${local.state}/terraform.tfstate*" },
    {
      Effect = "Allow"
      Action = [
        "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:ListBucketVersions", "s3:ListTagsForResource",
      ]
      Resource = local.buckets
    },
    { Effect = "Allow", Action = ["s3:GetObject", "s3:GetObjectTagging"], Resource = local.objects },
    {
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource"]
      Resource = local.tables
    },
    {
      # What the dashboard shows of releases, until when there are none, and which contract is in service.
      Effect    = "Allow"
      Action    = ["dynamodb:GetItem", "dynamodb:Query"]
      Resource  = local.releases
      Condition = { "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["current", "dashboard", "freeze", "gateway", "past"] }, Null = { "dynamodb:LeadingKeys" = "false" } }
    },
    {
      Effect = "Allow"
      Action = [
        "lambda:GetAlias", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:GetRuntimeManagementConfig", "lambda:ListAliases",
        "lambda:ListTags", "lambda:ListVersionsByFunction",
      ]
      Resource = local.functions
    },
    {
      Effect   = "Allow"
      Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoleTags"]
      Resource = local.stack_roles
    },
    { Effect = "Allow", Action = "apigateway:GET", Resource = "arn:aws:apigateway:${var.region}::/*" },
    {
      Effect = "Allow"
      Action = [
        "cognito-idp:DescribeResourceServer", "cognito-idp:DescribeRiskConfiguration", "cognito-idp:DescribeUserPool",
        "cognito-idp:DescribeUserPoolClient", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:ListTagsForResource",
      ]
      Resource = local.pools
    },
    { Effect = "Allow", Action = ["cloudwatch:GetDashboard"], Resource = local.dashboards },
    { Effect = "Allow", Action = ["cloudwatch:ListTagsForResource"], Resource = local.alarms },
    {
      Effect = "Allow"
      Action = [
        "logs:DescribeMetricFilters", "logs:ListTagsForResource",
      ]
      Resource = local.groups
    },
    { Effect = "Allow", Action = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"], Resource = local.topics },
    { Effect = "Allow", Action = ["cloudfront:GetDistribution", "cloudfront:ListTagsForResource"], Resource = local.cloudfront["distribution"] },
    { Effect = "Allow", Action = "cloudfront:GetOriginAccessControl", Resource = local.cloudfront["origin-access-control"] },
    { Effect = "Allow", Action = "cloudfront:GetResponseHeadersPolicy", Resource = local.cloudfront["response-headers-policy"] },
    { Effect = "Allow", Action = ["wafv2:GetLoggingConfiguration", "wafv2:GetWebACL", "wafv2:ListTagsForResource"], Resource = local.web_acls },
    { Effect = "Allow", Action = "wafv2:GetWebACLForResource", Resource = ["arn:aws:wafv2:${local.here}:regional/webacl/*", local.stages] },
    { Effect = "Allow", Action = ["budgets:ListTagsForResource", "budgets:ViewBudget"], Resource = local.budgets },
    { Effect = "Allow", Action = "xray:ListTagsForResource", Resource = local.sampling },
    {
      # None of these has a resource, or (alarms) none once there is a composite alarm:
      # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
      Effect = "Allow"
      Action = [
        "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "cognito-idp:DescribeUserPoolDomain",
        "lambda:GetAccountSettings", "logs:DescribeLogGroups", "logs:DescribeQueryDefinitions", "logs:DescribeResourcePolicies",
        "sns:GetSubscriptionAttributes", "xray:GetSamplingRules",
      ]
      Resource = "*"
    },
  ])

  # Users for the API test suite and for `crudctl verify`, which removes its own and reads what was logged about its requests. Not in prod.
  tests = [
    for statement in [
      {
        Effect = "Allow"
        Action = [
          "cognito-idp:AdminCreateUser", "cognito-idp:AdminDeleteUser", "cognito-idp:AdminSetUserPassword",
          "cognito-idp:ListUserPoolClients", "cognito-idp:ListUsers",
        ]
        Resource  = [local.pools]
        Condition = local.own_pools
      },
      { Effect = "Allow", Action = ["logs:FilterLogEvents"], Resource = local.groups },
    ] : statement if var.env != "prod"
  ]
  # A pool may be that of another service of the same environment, so the tag Service is not compared.
  own_pools = { StringLike = { "aws:ResourceTag/Environment" = [var.env, "${var.env}-*"] } }

  # A preview is deleted by its workflow, with all versions of its state, and of no other environment's. What is left is looked for by
  # name, in lists that have no resource.
  previews = [
    for statement in [
      { Effect = "Allow", Action = ["s3:ListBucketVersions"], Resource = [local.state] },
      { Effect = "Allow", Action = ["s3:DeleteObjectVersion"], Resource = ["${local.state}/terraform.tfstate.*"] },
      {
        Effect = "Allow"
        Action = [
          "cloudfront:ListDistributions", "cloudwatch:ListDashboards", "cognito-idp:ListUserPools", "dynamodb:ListTables",
          "iam:ListPolicies", "iam:ListRoles", "lambda:ListFunctions", "s3:ListAllMyBuckets", "sns:ListTopics", "wafv2:ListWebACLs",
        ]
        Resource = ["*"]
      },
    ] : statement if var.env != "prod"
  ]

  # Several policies, because one may have no more than 6,144 characters.
  write = {
    previews = local.previews
    data = concat(local.tests, [
      { Effect = "Allow", Action = ["s3:PutObject", "s3:DeleteObject"], Resource = "${local.state}/terraform.tfstate*" },
      {
        Effect = "Allow"
        Action = [
          "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
          "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
          "s3:PutLifecycleConfiguration", "s3:TagResource", "s3:UntagResource",
        ]
        Resource = local.buckets
      },
      {
        Effect = "Allow"
        Action = [
          "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectTagging", "s3:DeleteObjectVersion", "s3:GetObjectVersion",
          "s3:PutObject", "s3:PutObjectTagging",
        ]
        Resource = local.objects
      },
      {
        # The tables, and the records of releases; no data.
        Effect = "Allow"
        Action = [
          "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource",
          "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
        ]
        Resource = local.tables
      },
      {
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        Resource = local.releases
      },
      {
        # Only what the dashboard shows of releases is Terraform's, and no record.
        Effect    = "Allow"
        Action    = "dynamodb:DeleteItem"
        Resource  = local.releases
        Condition = { "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["dashboard"] }, Null = { "dynamodb:LeadingKeys" = "false" } }
      },
      {
        # No function URLs: the API is the only way to a function from outside.
        Effect = "Allow"
        Action = [
          "lambda:CreateAlias", "lambda:CreateFunction", "lambda:DeleteAlias", "lambda:DeleteFunction",
          "lambda:DeleteFunctionConcurrency", "lambda:InvokeFunction", "lambda:PublishVersion", "lambda:PutFunctionConcurrency",
          "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateAlias", "lambda:UpdateFunctionCode",
          "lambda:UpdateFunctionConfiguration",
        ]
        Resource = local.functions
      },
      {
        # Only API Gateway and alarms may be permitted to call a function.
        Effect    = "Allow"
        Action    = "lambda:AddPermission"
        Resource  = local.functions
        Condition = { StringEquals = { "lambda:Principal" = ["apigateway.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com"] } }
      },
      {
        # Roles of the stack, and only with the boundary.
        Effect = "Allow"
        Action = [
          "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
          "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
        ]
        Resource  = local.stack_roles
        Condition = { StringEquals = { "iam:PermissionsBoundary" = aws_iam_policy.boundary.arn } }
      },
      { Effect = "Allow", Action = ["iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole"], Resource = local.stack_roles },
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
    ])
    edge = [
      {
        Effect = "Allow"
        Action = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
        Resource = [
          for path in ["account", "restapis", "restapis/*", "tags/*"] : "arn:aws:apigateway:${var.region}::/${path}"
        ]
      },
      { Effect = "Allow", Action = "apigateway:SetWebACL", Resource = local.stages },
      {
        # Pools of this environment, their clients and domains; no users.
        Effect = "Allow"
        Action = flatten([
          [for what in ["UserPoolClient", "UserPoolDomain", "ResourceServer"] : [
            "cognito-idp:Create${what}", "cognito-idp:Delete${what}", "cognito-idp:Update${what}",
          ]],
          [
            "cognito-idp:DeleteUserPool", "cognito-idp:SetRiskConfiguration", "cognito-idp:SetUserPoolMfaConfig",
            "cognito-idp:TagResource", "cognito-idp:UntagResource", "cognito-idp:UpdateUserPool",
          ],
        ])
        Resource  = local.pools
        Condition = local.own_pools
      },
      {
        # A new pool is tagged before it has an ARN: https://github.com/aws-samples/aws-saas-factory-bootcamp/issues/58
        # The id of a pool that exists has an underscore; such a pool cannot be made one of this environment.
        Effect      = "Allow"
        Action      = "cognito-idp:TagResource"
        NotResource = "arn:aws:cognito-idp:*:*:userpool/*_*"
        Condition   = { StringLike = { "aws:RequestTag/Environment" = local.own_pools.StringLike["aws:ResourceTag/Environment"] } }
      },
      {
        Effect = "Allow"
        Action = [
          "cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:SetAlarmState", "cloudwatch:TagResource",
          "cloudwatch:UntagResource",
        ]
        Resource = local.alarms
      },
      { Effect = "Allow", Action = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"], Resource = local.dashboards },
      {
        Effect = "Allow"
        Action = [
          "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteMetricFilter", "logs:PutMetricFilter",
          "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
        ]
        Resource = local.groups
      },
      { Effect = "Allow", Action = "sns:Publish", Resource = local.notified },
      { Effect = "Allow", Action = "ssm:GetParameter", Resource = local.webhooks },
      # A release asks who was refused, if its new version refuses more than the old one: src/crudctl/release/callers.py
      { Effect = "Allow", Action = "logs:FilterLogEvents", Resource = local.groups[0] },
      {
        Effect   = "Allow"
        Action   = ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource"]
        Resource = local.topics
      },
      {
        Effect = "Allow"
        Action = [
          "cloudfront:DeleteDistribution", "cloudfront:TagResource", "cloudfront:UntagResource", "cloudfront:UpdateDistribution",
        ]
        Resource = local.cloudfront["distribution"]
      },
      {
        Effect   = "Allow"
        Action   = ["cloudfront:DeleteOriginAccessControl", "cloudfront:UpdateOriginAccessControl"]
        Resource = local.cloudfront["origin-access-control"]
      },
      {
        Effect   = "Allow"
        Action   = ["cloudfront:DeleteResponseHeadersPolicy", "cloudfront:UpdateResponseHeadersPolicy"]
        Resource = local.cloudfront["response-headers-policy"]
      },
      {
        Effect = "Allow"
        Action = [
          "wafv2:DeleteLoggingConfiguration", "wafv2:DeleteWebACL", "wafv2:PutLoggingConfiguration", "wafv2:TagResource",
          "wafv2:UntagResource",
        ]
        Resource = local.web_acls
      },
      {
        Effect   = "Allow"
        Action   = ["wafv2:CreateWebACL", "wafv2:UpdateWebACL"]
        Resource = [local.web_acls, "arn:aws:wafv2:${local.here}:regional/managedruleset/*"]
      },
      { Effect = "Allow", Action = ["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"], Resource = [local.web_acls, local.stages] },
      {
        Effect = "Allow"
        Action = [
          "xray:CreateSamplingRule", "xray:DeleteSamplingRule", "xray:TagResource", "xray:UntagResource", "xray:UpdateSamplingRule",
        ]
        Resource = local.sampling
      },
      { Effect = "Allow", Action = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"], Resource = local.budgets },
      {
        # Log delivery is for the logs of API Gateway and AWS WAF. Composite alarms: the data says that they have a resource, their page
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html that they need "*".
        Effect = "Allow"
        Action = [
          "cloudfront:CreateDistribution", "cloudfront:CreateOriginAccessControl", "cloudfront:CreateResponseHeadersPolicy",
          "cloudwatch:PutCompositeAlarm", "cognito-idp:CreateUserPool", "logs:CreateLogDelivery", "logs:DeleteLogDelivery",
          "logs:DeleteQueryDefinition", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutQueryDefinition",
          "logs:PutResourcePolicy", "logs:UpdateLogDelivery", "sns:Unsubscribe",
        ]
        Resource = "*"
      },
    ]
  }
}
