# What an account needs before the first deploy of an environment: the boundary of all roles that a deploy may create, and, if a
# repository is named, the roles of its workflows. `crudctl bootstrap` applies it; no workflow may change it.

data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  prefix  = "${var.name}-${var.env}"
  issuer  = "token.actions.githubusercontent.com"

  # Without the prefix: a deploy may change roles with the prefix, and must not change its own. In test a pull request may plan, in
  # prod only what is merged: whoever may plan may read the state.
  roles = var.repository == null ? {} : merge(
    { deploy = "environment:${var.env}" },
    # What would change in test is posted to pull requests, what would change in prod is shown before its approval.
    var.env == "test" ? { plan = "pull_request" } : {},
    var.env == "prod" ? { plan = "ref:refs/heads/main" } : {},
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.repository != null && var.provider_here ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

# https://docs.github.com/en/actions/reference/security/oidc: a job with an environment has it as its subject, a job of a pull request
# without an environment has `pull_request`, and any other has its branch. So pull requests cannot assume the role that changes things.
# A repository with an immutable subject has the ids of its owner and of itself in it; its name alone is not accepted then, because
# somebody else may get it. https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
resource "aws_iam_role" "workflow" {
  for_each = local.roles

  name                 = "${var.name}-ci-${var.env}-${each.key}"
  max_session_duration = 7200

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::${local.account}:oidc-provider/${local.issuer}" }
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "repo:${var.repository}:${each.value}"
        }
      }
    }]
  })

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "read" {
  for_each = local.roles

  name   = "read"
  role   = aws_iam_role.workflow[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.read })
}

resource "aws_iam_policy" "write" {
  for_each = { for name, statements in local.write : name => statements if contains(keys(local.roles), "deploy") && length(statements) > 0 }

  name   = "${var.name}-ci-${var.env}-write-${each.key}"
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "write" {
  for_each = aws_iam_policy.write

  role       = aws_iam_role.workflow["deploy"].name
  policy_arn = each.value.arn
}
