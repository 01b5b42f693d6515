env                 = "test"
password_client     = true
log_retention_days  = 7
deletion_protection = false

# Exactly one stack in each account and region sets the role with which API Gateway writes logs.
gateway_logging_role = true
