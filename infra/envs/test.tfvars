env                 = "test"
password_client     = true
log_retention_days  = 7
deletion_protection = false

# One stack for each account and region sets the role by which API Gateway writes logs.
gateway_logging_role = true
