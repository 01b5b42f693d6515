env                 = "test"
password_client     = true
log_retention_days  = 7
deletion_protection = false
sparse_alarms       = false # nobody is waiting here: with the other alarms, an idle stack costs USD 0.10

# Exactly one stack in each account and region sets the role with which API Gateway writes logs.
gateway_logging_role = true
