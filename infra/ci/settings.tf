# What the settings of domains, sign-in and mail need beyond access.tf.

locals {
  page_stacks = [for of in [local.prefix, "${local.prefix}-*"] : "arn:aws:cloudformation:${local.here}:stack/${of}-sign-in-page/*"]

  read_settings = [
    { Effect = "Allow", Action = ["cognito-idp:GetUICustomization", "cognito-idp:GetWebACLForResource", "wafv2:GetWebACLForResource"], Resource = local.pools },
    { Effect = "Allow", Action = ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"], Resource = local.page_stacks },
    # What `crudctl doctor` asks before a deploy: certificates, the sender of mail, and whether the account has a budget.
    { Effect = "Allow", Action = "acm:DescribeCertificate", Resource = [for region in distinct([var.region, "us-east-1"]) : "arn:aws:acm:${region}:${local.account}:certificate/*"] },
    { Effect = "Allow", Action = "ses:GetEmailIdentity", Resource = "arn:aws:ses:*:${local.account}:identity/*" },
    { Effect = "Allow", Action = "ses:GetAccount", Resource = "*" },
    { Effect = "Allow", Action = "budgets:ViewBudget", Resource = "arn:aws:budgets::${local.account}:budget/*" },
  ]

  write_settings = [
    {
      # The domain of the API: its name is the team's.
      Effect   = "Allow"
      Action   = ["apigateway:AddCertificateToDomain", "apigateway:RemoveCertificateFromDomain"]
      Resource = [for path in ["domainnames", "domainnames/*"] : "arn:aws:apigateway:${var.region}::/${path}"]
    },
    {
      Effect   = "Allow"
      Action   = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST"]
      Resource = [for path in ["domainnames", "domainnames/*"] : "arn:aws:apigateway:${var.region}::/${path}"]
    },
    {
      # Cognito's distribution for a domain of the pool is in an account of Cognito's.
      # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-add-custom-domain.html
      Effect   = "Allow"
      Action   = "cloudfront:UpdateDistribution"
      Resource = "arn:aws:cloudfront::*:distribution/*"
    },
    {
      Effect = "Allow"
      Action = [
        "cognito-idp:AssociateWebACL", "cognito-idp:CreateManagedLoginBranding", "cognito-idp:DeleteManagedLoginBranding",
        "cognito-idp:DescribeManagedLoginBranding", "cognito-idp:DisassociateWebACL", "cognito-idp:SetUICustomization",
        "cognito-idp:UpdateManagedLoginBranding",
      ]
      Resource  = local.pools
      Condition = local.own_pools
    },
    { Effect = "Allow", Action = ["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"], Resource = local.pools },
    { Effect = "Allow", Action = "cognito-idp:AssociateWebACL", Resource = "arn:aws:wafv2:${local.here}:regional/webacl/${local.prefix}-*" },
    {
      Effect = "Allow"
      Action = [
        "cloudformation:CreateStack", "cloudformation:DeleteStack", "cloudformation:DescribeStackEvents", "cloudformation:TagResource",
        "cloudformation:UpdateStack",
      ]
      Resource = local.page_stacks
    },
    {
      # Cognito sends mail through SES with a role of its own.
      # https://docs.aws.amazon.com/cognito/latest/developerguide/using-service-linked-roles.html
      Effect    = "Allow"
      Action    = "iam:CreateServiceLinkedRole"
      Resource  = "arn:aws:iam::${local.account}:role/aws-service-role/*"
      Condition = { StringEquals = { "iam:AWSServiceName" = "email.cognito-idp.amazonaws.com" } }
    },
  ]
}

# Of its own, because all inline policies of a role together may have 10,240 characters.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
resource "aws_iam_policy" "settings" {
  for_each = local.roles

  name   = "${var.name}-ci-${var.env}-${each.key}-settings"
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.read_settings, [for statement in local.write_settings : statement if each.key == "deploy"]) })
}

resource "aws_iam_role_policy_attachment" "settings" {
  for_each = local.roles

  role       = aws_iam_role.workflow[each.key].name
  policy_arn = aws_iam_policy.settings[each.key].arn
}
