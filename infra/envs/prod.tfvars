env                = "prod"
waf                = true
log_retention_days = 90

# One stack for each account and region sets the role by which API Gateway writes logs.
gateway_logging_role = true
