locals {
  service = jsondecode(file(var.service))

  # What a function may do with the table, by the kind of its operation; an operation of another kind has a line of its own.
  owner       = "$${aws:PrincipalTag/owner}"
  one         = "${local.owner}#*" # the keys of one owner
  own_actions = {}                 # operationId = ["dynamodb:UpdateItem"]
  actions = {
    create  = ["dynamodb:PutItem"]
    get     = ["dynamodb:GetItem"]
    replace = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    delete  = ["dynamodb:DeleteItem"]
    list    = ["dynamodb:Query"]
  }

  # The exact actions and resource of each function. `leading_key` is used only with `abac`.
  functions = {
    for key, function in local.service.functions : key => {
      handler     = function.handler
      actions     = function.kind == "other" ? local.own_actions[key] : local.actions[function.kind]
      resource    = function.kind == "list" ? "${aws_dynamodb_table.items.arn}/index/by_owner" : aws_dynamodb_table.items.arn
      leading_key = function.kind == "list" ? local.owner : local.one
    }
  }

  # The API refers to functions by these names, not by their resources, which would be a cycle: the functions know the app
  # clients, those the web app's address, that its Content-Security-Policy, and that the API.
  function_names = { for key in keys(local.service.functions) : key => "${local.prefix}-${key}" }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name               = local.function_names[each.key]
  handler            = each.value.handler
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
