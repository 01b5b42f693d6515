# The keys of `crudctl outputs --json`, which adds those that Terraform does not know.

output "api_url" {
  description = "Base URL of the API."
  value       = local.api_url
}

output "web_url" {
  description = "URL of the web app."
  value       = try(local.web_origins[0], null)
}

output "dns_records" {
  description = "What to add to the DNS of the domains: serves (api, web, sign_in), name, type, value, and zone_id, in which a Route 53 alias points to the value."
  value       = local.dns_records
}

output "sign_up" {
  description = "Who gets an account: open or invite."
  value       = local.sign_up
}

output "web_bucket" {
  description = "Bucket that the web app is uploaded to; null without a CDN."
  value       = one(module.site[*].name)
}

output "region" {
  description = "Region of the stack."
  value       = var.region
}

output "user_pool_id" {
  description = "Id of the user pool."
  value       = local.user_pool.id
}

output "user_pool_client_id" {
  description = "Id of the web app's client: authorization code with PKCE."
  value       = aws_cognito_user_pool_client.web.id
}

output "hosted_ui_url" {
  description = "Base URL of the sign-in page and of its OAuth 2.0 endpoints."
  value       = local.sign_in_url
}

output "password_rules" {
  description = "What a password needs: its length, and kinds of characters. Null for the pool of another stack, which has its own."
  value       = local.password_rules
}

output "table_name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.data.name
}

output "trash_days" {
  description = "Days for which what was deleted can be restored; null before the trash is used."
  value       = var.trash_days
}

output "functions" {
  description = "Operation -> name of the function that serves it."
  value       = { for key, function in module.function : key => function.name }
}

output "function_actions" {
  description = "Operation -> what its function may do with the table."
  value       = local.function_actions
}

output "gateway" {
  description = "What a release points to a deployment of the API: its id and its stage."
  value       = { api = aws_api_gateway_rest_api.api.id, stage = aws_api_gateway_stage.api.stage_name }
}

output "release_alarms" {
  description = "What the alarms of a release need, which the releaser makes: whom they call, whom they notify, and for how many seconds they look back. Null without alarms."
  value = var.alarms ? {
    rollback = aws_lambda_function.rollback.arn
    topic    = local.notified
    runbook  = var.runbook
    cause    = var.alarm_windows.cause
    release  = var.alarm_windows.release
  } : null
}

output "release_notices" {
  description = "Whom a release reports to, and what it calls itself. The webhook is its address, or the name of the parameter that has it."
  value       = local.release_notices
}
