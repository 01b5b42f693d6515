# What the function of each operation may do with the table follows from the operation's kind. An operation of another kind than
# those of a resource gets a line here, with no actions if it does not use the table.
variable "own_actions" {
  description = "operationId -> DynamoDB actions, for each operation of the kind `other`."
  type        = map(list(string))
  default = {
    # archive_order = ["dynamodb:UpdateItem"]
  }

  validation {
    condition     = alltrue([for key in try(local.others, []) : contains(keys(var.own_actions), key)])
    error_message = "infra/functions.tf does not say what ${join(", ", [for key in try(local.others, []) : key if !contains(keys(var.own_actions), key)])} may do with the table: add a line to own_actions, such as NAME = [\"dynamodb:UpdateItem\"]."
  }
  validation {
    # Scan would read the data of every owner, and PartiQL hides which keys it uses.
    condition     = alltrue([for action in flatten(values(var.own_actions)) : contains(local.table_actions, action)])
    error_message = "Use ${join(", ", local.table_actions)}: infra/ci/boundary.tf allows no others."
  }
}

locals {
  service = jsondecode(file(var.service))
  others  = [for key, function in local.service.functions : key if function.kind == "other" && !can(function.leaving)]

  # Query is for the index, which has an owner's data under the owner, and what is in the trash under "<owner>#trash"; the table has
  # both under "<owner>#<id>".
  table_actions = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
  owner         = "$${aws:PrincipalTag/owner}"
  data = {
    Table = { actions = setsubtract(local.table_actions, ["dynamodb:Query"]), resource = aws_dynamodb_table.data.arn, leading_keys = ["${local.owner}#*"] }
    Index = { actions = ["dynamodb:Query"], resource = "${aws_dynamodb_table.data.arn}/index/by_owner", leading_keys = [local.owner, "${local.owner}#trash"] }
  }
  actions = {
    create  = ["dynamodb:PutItem"]
    get     = ["dynamodb:GetItem"]
    replace = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    # UpdateItem moves to the trash, PutItem leaves only the memory of what was there. DeleteItem is for a version with trash_days = null, and for a release, which leaves nothing behind.
    delete = ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    list   = ["dynamodb:Query"]
  }
  # A function that the contract no longer has serves until the release without it is in service, and is kept for the way back. It has the
  # code and the permissions that it had: the new code may not know its handler (src/crudctl/build/gateway_changes.py).
  function_actions = {
    for key, function in local.service.functions :
    key => can(function.leaving) ? function.leaving.actions : function.kind == "other" ? var.own_actions[key] : local.actions[function.kind]
  }
  code = { key = aws_s3_object.functions.key, sha256 = filebase64sha256(var.package) }

  # The exact actions and resources of each function. `leading_keys` are used only with `abac`.
  functions = {
    for key, function in local.service.functions : key => {
      handler = function.handler
      code    = can(function.leaving) ? { key = function.leaving.key, sha256 = function.leaving.sha256 } : local.code
      data = {
        for part, access in local.data : part => merge(access, { actions = sort(setintersection(access.actions, local.function_actions[key])) })
        if length(setintersection(access.actions, local.function_actions[key])) > 0
      }
    }
  }

  environment = {
    TABLE_NAME         = aws_dynamodb_table.data.name
    INDEX_NAME         = "by_owner"
    CLIENT_IDS         = join(",", local.client_ids)
    PASSWORD_CLIENT_ID = join("", aws_cognito_user_pool_client.password[*].id)
    OWNERSHIP          = var.ownership
    METRIC_NAMESPACE   = local.prefix
    TRASH_DAYS         = var.trash_days == null ? "" : tostring(var.trash_days)
    REQUIRE_IF_MATCH   = tostring(var.require_if_match)
    GATEWAY_SCOPES     = var.gateway_scopes # for crudctl, which recognises versions that check scopes by it
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
  data               = each.value.data
  abac               = var.abac
  boundary           = local.boundary
  settings           = var.function_settings
  log_retention_days = var.log_retention_days
  environment        = local.environment
  code               = merge(each.value.code, { bucket = aws_s3_object.functions.bucket })

  # The keys are part of addresses: another key would destroy a permission that is in use.
  routes = {
    for method in local.routes :
    method.key => "${aws_api_gateway_rest_api.api.execution_arn}/${local.stage}/${method.method}${replace(method.path, "/\\{[^}]+\\}/", "*")}"
    if method.function == each.key
  }
}
