# For every preview of a pull request: pr-42 and all others of the family `pr`. They share an account with test, which sets the role with
# which API Gateway writes logs.
password_client     = true
log_retention_days  = 3
deletion_protection = false
monthly_budget_usd  = null
