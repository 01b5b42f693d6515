# Addresses that were named after the resource of the first contract. Without these blocks, the next apply to a stack that was made
# before would destroy its table, its user pool and its API, and create them again, empty.
# https://developer.hashicorp.com/terraform/language/modules/develop/refactoring

moved {
  from = aws_dynamodb_table.items
  to   = aws_dynamodb_table.data
}

moved {
  from = aws_cognito_user_pool.users
  to   = aws_cognito_user_pool.users[0]
}

moved {
  from = aws_cognito_user_pool_domain.users
  to   = aws_cognito_user_pool_domain.users[0]
}

moved {
  from = aws_cognito_resource_server.items
  to   = aws_cognito_resource_server.api
}

moved {
  from = aws_api_gateway_rest_api.items
  to   = aws_api_gateway_rest_api.api
}

moved {
  from = aws_api_gateway_deployment.items
  to   = aws_api_gateway_deployment.api
}

moved {
  from = aws_api_gateway_stage.items
  to   = aws_api_gateway_stage.api
}

moved {
  from = aws_api_gateway_method_settings.items
  to   = aws_api_gateway_method_settings.api
}

moved {
  from = aws_cloudwatch_dashboard.items
  to   = aws_cloudwatch_dashboard.overview[0]
}
