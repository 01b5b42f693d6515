locals {
  # The exact actions and resource of each function. `leading_key` is used only with `abac`.
  owner = "$${aws:PrincipalTag/owner}"
  functions = {
    create_item = { actions = ["dynamodb:PutItem"], resource = aws_dynamodb_table.items.arn, leading_key = "${local.owner}#*" }
    get_item    = { actions = ["dynamodb:GetItem"], resource = aws_dynamodb_table.items.arn, leading_key = "${local.owner}#*" }
    update_item = { actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"], resource = aws_dynamodb_table.items.arn, leading_key = "${local.owner}#*" }
    delete_item = { actions = ["dynamodb:DeleteItem"], resource = aws_dynamodb_table.items.arn, leading_key = "${local.owner}#*" }
    list_items  = { actions = ["dynamodb:Query"], resource = "${aws_dynamodb_table.items.arn}/index/by_owner", leading_key = local.owner }
  }

  # The API refers to functions by these names, not by their resources, which would be a cycle: the functions know the app
  # clients, those the web app's address, that its Content-Security-Policy, and that the API.
  function_names = { for key in keys(local.functions) : key => "${local.prefix}-${key}" }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name               = local.function_names[each.key]
  handler            = "functions.handlers.${each.key}"
  data               = each.value
  abac               = var.abac
  boundary           = local.boundary
  settings           = var.function_settings
  log_retention_days = var.log_retention_days

  code = {
    bucket = aws_s3_object.functions.bucket
    key    = aws_s3_object.functions.key
    sha256 = filebase64sha256(var.package)
  }

  environment = {
    TABLE_NAME       = aws_dynamodb_table.items.name
    INDEX_NAME       = "by_owner"
    CLIENT_IDS       = join(",", local.client_ids)
    OWNERSHIP        = var.ownership
    METRIC_NAMESPACE = local.prefix
  }

  routes = {
    for route, operation in local.operations :
    lower(operation.method) => "${aws_api_gateway_rest_api.items.execution_arn}/${local.stage}/${operation.method}${replace(operation.path, "/\\{[^}]+\\}/", "*")}"
    if operation.function == each.key
  }
}
