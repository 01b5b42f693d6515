mock_provider "aws" {
  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "123456789012" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/depot-test-boundary" }
  }
}

variables {
  name       = "depot"
  region     = "eu-central-1"
  env        = "test"
  repository = "octo-org/depot"
}

run "a_pull_request_may_plan_and_an_environment_may_deploy" {
  command = apply

  assert {
    condition = { for name, role in aws_iam_role.workflow : name => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] } == {
      plan   = "repo:octo-org/depot:pull_request"
      deploy = "repo:octo-org/depot:environment:test"
    }
    error_message = "A role trusts an unexpected subject."
  }
  assert {
    condition     = keys(aws_iam_role_policy.write) == ["deploy"]
    error_message = "The role of pull requests could change something."
  }
}

run "a_plan_reads_no_data_no_users_and_no_code" {
  command = apply

  assert {
    condition = length([
      for action in flatten([for policy in [aws_iam_role_policy.read["plan"].policy, aws_iam_policy.settings["plan"].policy] : [for statement in jsondecode(policy).Statement : statement.Action]]) : action
      if length(regexall("^(dynamodb:(Get|Query|Scan|\\*)|cognito-idp:(Admin|List(Users|Groups)|\\*)|logs:(Get|Filter|\\*)|[a-z-]+:(Put|Create|Delete|Update)|\\*$)", action)) > 0
    ]) == 0
    error_message = "The role of pull requests can read data, or write."
  }
}

run "roles_are_created_only_with_the_boundary" {
  command = apply

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.write["deploy"].policy).Statement :
      statement.Condition.StringEquals["iam:PermissionsBoundary"] == aws_iam_policy.boundary.arn
      if anytrue([for action in flatten([statement.Action]) : contains(["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"], action)])
    ])
    error_message = "A deploy could create a role with more permissions than itself."
  }
  assert {
    condition = length([
      for action in flatten([for statement in jsondecode(aws_iam_role_policy.write["deploy"].policy).Statement : statement.Action]) : action
      if contains(["iam:*", "*", "iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion"], action)
    ]) == 0
    error_message = "A deploy could remove the boundary."
  }
}

run "pull_requests_have_no_role_in_prod_and_main_may_plan_it" {
  command = apply
  variables {
    env = "prod"
  }

  assert {
    condition = { for name, role in aws_iam_role.workflow : name => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] } == {
      plan   = "repo:octo-org/depot:ref:refs/heads/main"
      deploy = "repo:octo-org/depot:environment:prod"
    }
    error_message = "A role trusts an unexpected subject."
  }
  assert {
    condition     = keys(aws_iam_role_policy.write) == ["deploy"]
    error_message = "The role that plans could change something."
  }
}

run "without_a_repository_no_workflow_is_trusted" {
  command = apply
  variables {
    repository = null
  }

  assert {
    condition     = length(aws_iam_role.workflow) == 0 && length(aws_iam_openid_connect_provider.github) == 0
    error_message = "A workflow is trusted without a repository."
  }
}

run "the_policies_are_within_the_size_limit_of_iam" {
  command = apply

  assert {
    # Limit for all inline policies of a role together, without white space: 10,240 characters.
    condition     = length(aws_iam_role_policy.read["deploy"].policy) + length(aws_iam_role_policy.write["deploy"].policy) <= 10240
    error_message = "The policies of the deploy role are too long."
  }
  assert {
    # Limit of a managed policy.
    condition     = length(aws_iam_policy.settings["deploy"].policy) <= 6144
    error_message = "The policy of settings is too long."
  }
}

run "a_family_s_roles_reach_its_members_and_no_environment_that_begins_alike" {
  command = apply
  variables {
    env = "pr"
  }

  assert {
    condition = alltrue([
      for policy in [aws_iam_role_policy.read["deploy"].policy, aws_iam_role_policy.write["deploy"].policy, aws_iam_policy.boundary.policy] :
      length(regexall("depot-pr[*]", policy)) == 0
    ])
    error_message = "A pattern of the environment pr also matches prod."
  }
  assert {
    condition = alltrue([
      for arn in ["arn:aws:s3:::depot-pr-*-artefacts-123456789012", "arn:aws:s3:::depot-pr-*-site-123456789012", "arn:aws:cloudwatch::123456789012:dashboard/depot-pr-*"] :
      contains(flatten([for statement in jsondecode(aws_iam_role_policy.write["deploy"].policy).Statement : statement.Resource]), arn)
    ])
    error_message = "A deploy of pr-42 lacks its own names."
  }
}

run "an_environment_called_like_the_workflows_roles_is_rejected" {
  command = plan
  variables {
    env = "ci"
  }
  expect_failures = [var.env]
}
