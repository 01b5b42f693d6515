env                = "prod"
waf                = true
log_retention_days = 90

# Exactly one stack in each account and region sets the role with which API Gateway writes logs.
gateway_logging_role = true
