# What a function may do, and who may call it. Needs no credentials and no network.

mock_provider "aws" {
  override_during = plan

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/example" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/example" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { version = "7" }
  }
}

variables {
  name               = "example"
  handler            = "functions.handlers.get"
  code               = { bucket = "artefacts", key = "functions/0.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  environment        = { TABLE_NAME = "parcels" }
  settings           = { memory_size = 512, timeout = 10, reserved_concurrency = -1, snap_start = false }
  log_retention_days = 7
  abac               = false
  boundary           = "arn:aws:iam::123456789012:policy/boundary"
  routes             = { get = "arn:aws:execute-api:eu-central-1:123456789012:abcde12345/v1/GET/parcels/*" }
  data = {
    Table = {
      actions      = ["dynamodb:GetItem"]
      resource     = "arn:aws:dynamodb:eu-central-1:123456789012:table/parcels"
      leading_keys = ["$${aws:PrincipalTag/owner}#*", "$${aws:PrincipalTag/owner}"]
    }
  }
}

run "a_role_allows_its_actions_its_logs_and_traces_and_nothing_else" {
  command = plan
  module {
    source = "./modules/function"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      { Sid = "Logs", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/example:*" },
      { Sid = "Traces", Effect = "Allow", Action = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], Resource = "*" },
      { Sid = "Table", Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/parcels" },
    ]
    error_message = "The role's policy is not exactly what the function needs."
  }
  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" } }]
    error_message = "A principal other than Lambda may assume the role."
  }
  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.boundary
    error_message = "The role can do more than the boundary."
  }
  assert {
    condition     = length(aws_iam_role.data) == 0 && !contains(keys(aws_lambda_function.this.environment[0].variables), "DATA_ROLE_ARN")
    error_message = "There is a data role without abac."
  }
}

run "with_abac_only_the_data_role_reaches_the_table_and_only_the_keys_of_one_owner" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    abac = true
  }

  assert {
    condition     = aws_iam_role.data[0].permissions_boundary == var.boundary
    error_message = "The data role can do more than the boundary."
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.data[0].policy).Statement == [{
      Sid      = "Table"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem"]
      Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/parcels"
      Condition = {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["$${aws:PrincipalTag/owner}#*", "$${aws:PrincipalTag/owner}"] }
        Null                      = { "dynamodb:LeadingKeys" = "false" }
      }
    }]
    error_message = "The data role is not restricted to the owner's keys."
  }
  assert {
    condition = jsondecode(aws_iam_role.data[0].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { AWS = "arn:aws:iam::123456789012:role/example" }
      Condition = {
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["owner"] }
        Null                        = { "aws:RequestTag/owner" = "false" }
      }
    }]
    error_message = "The data role can be assumed by others, or without the tag."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[2] == { Sid = "AssumeDataRole", Effect = "Allow", Action = ["sts:AssumeRole", "sts:TagSession"], Resource = "arn:aws:iam::123456789012:role/example" }
    error_message = "The function can reach the table without the data role."
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables["DATA_ROLE_ARN"] == "arn:aws:iam::123456789012:role/example"
    error_message = "The function does not know its data role."
  }
}

run "a_function_without_data_has_no_data_role" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    abac = true
    data = {}
  }

  assert {
    condition     = length(aws_iam_role.data) == 0 && length(aws_iam_role_policy.data) == 0 && !contains(keys(aws_lambda_function.this.environment[0].variables), "DATA_ROLE_ARN")
    error_message = "A role without permissions was created."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid] == ["Logs", "Traces"]
    error_message = "The function may reach data."
  }
}

run "the_gateway_may_call_only_alias_prod_and_only_from_its_own_routes" {
  command = plan
  module {
    source = "./modules/function"
  }

  assert {
    condition = {
      for key, permission in aws_lambda_permission.gateway :
      key => [permission.qualifier, permission.principal, permission.source_arn, permission.action]
    } == { get = ["prod", "apigateway.amazonaws.com", "arn:aws:execute-api:eu-central-1:123456789012:abcde12345/v1/GET/parcels/*", "lambda:InvokeFunction"] }
    error_message = "The permission is not exactly for alias prod and the function's route."
  }
}

run "both_aliases_start_at_the_first_version_and_are_then_left_to_the_release_tool" {
  command = plan
  module {
    source = "./modules/function"
  }

  assert {
    condition     = { for name, alias in aws_lambda_alias.this : name => alias.function_version } == { canary = "7", prod = "7" }
    error_message = "The aliases do not start at the published version."
  }
  assert {
    # A mocked function never gets a second version, so this checks the setting that would keep the aliases there.
    condition     = keys(aws_lambda_alias.this) == ["canary", "prod"] && can(regex("ignore_changes = \\[description, function_version, routing_config\\]", file("modules/function/main.tf")))
    error_message = "The next apply would undo a release."
  }
}

run "a_function_is_published_for_its_runtime" {
  command = plan
  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_function.this.runtime == "python3.13" && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "The function is not published, or has another runtime."
  }
  assert {
    condition     = one(aws_lambda_function.this.logging_config).log_format == "JSON" && one(aws_lambda_function.this.tracing_config).mode == "Active"
    error_message = "The function does not log JSON, or is not traced."
  }
}

run "snap_start_is_for_published_versions" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    settings = { memory_size = 512, timeout = 10, reserved_concurrency = 20, snap_start = true }
  }

  assert {
    condition     = aws_lambda_function.this.snap_start[0].apply_on == "PublishedVersions"
    error_message = "SnapStart is off."
  }
  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 20
    error_message = "Concurrency is not reserved."
  }
}
