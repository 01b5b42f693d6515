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
    condition     = toset([for attachment in aws_iam_role_policy_attachment.write : attachment.role]) == toset(["depot-ci-test-deploy"])
    error_message = "The role of pull requests could change something."
  }
}

run "a_plan_reads_no_data_no_users_and_no_code" {
  command = apply

  assert {
    # Of the table of releases only what the dashboard shows of them, and until when there are none.
    condition = length([
      for action in flatten([
        for policy in [aws_iam_role_policy.read["plan"].policy, aws_iam_policy.settings["plan"].policy] : [
          for statement in jsondecode(policy).Statement : statement.Action
          if !(try(join(" ", statement.Action), "") == "dynamodb:GetItem dynamodb:Query" && statement.Resource == local.releases && try(statement.Condition, {}) == { "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["current", "dashboard", "freeze", "gateway", "past"] }, Null = { "dynamodb:LeadingKeys" = "false" } })
        ]
      ]) : action
      if length(regexall("^(dynamodb:(Get|Query|Scan|\\*)|cognito-idp:(Admin|List(Users|Groups)|\\*)|logs:(Get|Filter|\\*)|[a-z-]+:(Put|Create|Delete|Update)|\\*$)", action)) > 0
    ]) == 0
    error_message = "The role of pull requests can read data, or write."
  }
}

run "roles_are_created_only_with_the_boundary" {
  command = apply

  assert {
    condition = alltrue([
      for statement in flatten([for policy in aws_iam_policy.write : jsondecode(policy.policy).Statement]) :
      try(statement.Condition.StringEquals["iam:PermissionsBoundary"], "none") == aws_iam_policy.boundary.arn
      if anytrue([for action in flatten([statement.Action]) : can(regex("^iam:(Create|Put|Attach|Detach|Delete|Update)", action)) && action != "iam:CreateServiceLinkedRole"])
    ])
    error_message = "A deploy could create a role, or change one, that has more permissions than itself."
  }
  assert {
    condition = length([
      for action in flatten([for policy in aws_iam_policy.write : [for statement in jsondecode(policy.policy).Statement : statement.Action]]) : action
      if contains(["iam:*", "*", "lambda:*", "s3:*", "iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion"], action)
    ]) == 0
    error_message = "A deploy could remove the boundary."
  }
}

run "a_deploy_opens_no_function_to_others" {
  command = apply

  assert {
    condition = alltrue([
      for statement in flatten([for policy in aws_iam_policy.write : jsondecode(policy.policy).Statement]) :
      try(statement.Condition.StringEquals["lambda:Principal"], []) == ["apigateway.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com"]
      if contains(flatten([statement.Action]), "lambda:AddPermission")
    ])
    error_message = "A deploy could permit anybody to call a function."
  }
  assert {
    condition = length([
      for action in flatten([for policy in aws_iam_policy.write : [for statement in jsondecode(policy.policy).Statement : statement.Action]]) : action
      if strcontains(action, "FunctionUrl")
    ]) == 0
    error_message = "A deploy could give a function a URL."
  }
}

run "a_deploy_reaches_the_pools_of_its_own_environment_only" {
  command = apply

  assert {
    condition = alltrue([
      for statement in flatten([for policy in concat(values(aws_iam_policy.write), [aws_iam_policy.settings["deploy"]]) : jsondecode(policy.policy).Statement]) :
      try(statement.Condition.StringLike["aws:ResourceTag/Environment"], []) == ["test", "test-*"]
      if anytrue([for action in flatten([statement.Action]) : can(regex("^cognito-idp:(Admin|Create|Delete|Set|Tag|Untag|Update)", action)) && action != "cognito-idp:CreateUserPool"])
      && try(statement.NotResource, "none") != "arn:aws:cognito-idp:*:*:userpool/*_*" # every pool that exists
    ])
    error_message = "A deploy could change a pool of another environment."
  }
}

run "an_immutable_subject_is_trusted_with_its_ids" {
  command = apply
  variables {
    repository = "octo-org@123456/depot@456789"
  }

  assert {
    condition     = jsondecode(aws_iam_role.workflow["deploy"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:octo-org@123456/depot@456789:environment:test"
    error_message = "A workflow of a repository with an immutable subject cannot deploy."
  }
}

run "both_ids_are_needed_or_none" {
  command = plan
  variables {
    repository = "octo-org/depot@456789"
  }
  expect_failures = [var.repository]
}

run "a_name_without_its_id_is_refused" {
  command = plan
  variables {
    repository = "octo-org@123456/depot"
  }
  expect_failures = [var.repository]
}

run "a_pattern_is_no_repository" {
  command = plan
  variables {
    repository = "octo-org@*/depot@*"
  }
  expect_failures = [var.repository]
}

run "in_prod_only_what_is_merged_may_plan" {
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
    condition = length([
      for action in flatten([for policy in aws_iam_policy.write : [for statement in jsondecode(policy.policy).Statement : statement.Action]]) : action
      if startswith(action, "cognito-idp:Admin")
    ]) == 0
    error_message = "A deploy to prod could create users."
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

run "the_policies_are_within_the_size_limits_of_iam_with_the_longest_names" {
  command = apply
  variables {
    name       = "abcdefghij-klmnopqrs"
    region     = "ap-southeast-1"
    env        = "abcdefghijkl"
    repository = "an-organisation-whose-name-has-39-chars/a-repository-whose-name-has-a-hundred-characters-which-is-as-long-as-github-allows-for-one-xx"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.workflow : length(role.assume_role_policy) <= 2048 && length(role.name) <= 64])
    error_message = "A trust policy has over 2,048 characters, or a role's name over 64."
  }
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, without white space: all inline policies of a role
  # together, and each managed policy.
  assert {
    condition     = length(aws_iam_role_policy.read["deploy"].policy) <= 10240
    error_message = "The inline policy of the deploy role is too long."
  }
  assert {
    condition     = alltrue([for policy in concat(values(aws_iam_policy.write), values(aws_iam_policy.settings), [aws_iam_policy.boundary]) : length(policy.policy) <= 6144])
    error_message = "A managed policy is too long: divide it."
  }
}

run "a_family_s_roles_reach_its_members_and_no_environment_that_begins_alike" {
  command = apply
  variables {
    env = "pr"
  }

  assert {
    condition = alltrue([
      for policy in concat(values(aws_iam_policy.write), values(aws_iam_role_policy.read), [aws_iam_policy.boundary]) :
      length(regexall("depot-pr[*]", policy.policy)) == 0
    ])
    error_message = "A pattern of the environment pr also matches prod."
  }
  assert {
    condition = alltrue([
      for arn in ["arn:aws:s3:::depot-pr-*-artefacts-123456789012", "arn:aws:s3:::depot-pr-*-site-123456789012", "arn:aws:cloudwatch::123456789012:dashboard/depot-pr-*"] :
      contains(flatten([for policy in aws_iam_policy.write : [for statement in jsondecode(policy.policy).Statement : try(statement.Resource, [])]]), arn)
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
