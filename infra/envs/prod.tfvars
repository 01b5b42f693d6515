env                = "prod"
waf                = true # USD 8 a month, and 0.60 for each million requests
log_retention_days = 90

# Prod also needs alarm_emails (or alarm_topic) and runbook, the page's URL: a plan without them is refused, with the reason.

# Exactly one stack in each account and region sets the role with which API Gateway writes logs.
gateway_logging_role = true
