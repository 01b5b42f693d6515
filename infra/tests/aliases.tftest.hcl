# Terraform makes the aliases and leaves them to the release tool. Needs no credentials and no network.

mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-2:123456789012:log-group:/aws/lambda/example" }
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
  handler            = "items.handlers.get_item"
  code               = { bucket = "artefacts", key = "functions/0.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  environment        = { TABLE_NAME = "items" }
  settings           = { memory_size = 512, timeout = 10, reserved_concurrency = -1, snap_start = false, log_level = "INFO" }
  log_retention_days = 7
  abac               = false
  routes             = { get = "arn:aws:execute-api:eu-west-2:123456789012:abcde12345/v1/GET/items/*" }
  data = {
    actions     = ["dynamodb:GetItem"]
    resource    = "arn:aws:dynamodb:eu-west-2:123456789012:table/items"
    leading_key = "$${aws:PrincipalTag/owner}#*"
  }
}

run "both_aliases_begin_at_the_first_version" {
  command = apply
  module {
    source = "./modules/function"
  }

  assert {
    condition     = { for name, alias in aws_lambda_alias.this : name => alias.function_version } == { canary = "7", prod = "7" }
    error_message = "The aliases do not begin at the published version."
  }
  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_function.this.runtime == "python3.13" && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "The function is not published, or for another runtime."
  }
}

run "terraform_leaves_the_aliases_where_the_release_tool_put_them" {
  command = apply
  module {
    source = "./modules/function"
  }
  variables {
    settings = { memory_size = 1024, timeout = 10, reserved_concurrency = -1, snap_start = false, log_level = "INFO" }
  }
  override_resource {
    target = aws_lambda_function.this
    values = { version = "8" }
  }

  assert {
    condition     = aws_lambda_function.this.memory_size == 1024
    error_message = "The function was not changed."
  }
  assert {
    condition     = { for name, alias in aws_lambda_alias.this : name => alias.function_version } == { canary = "7", prod = "7" }
    error_message = "Terraform moved an alias: it would undo a release."
  }
}
