# For every preview of a pull request: pr-42 and all others of the family `pr`. Idle, each costs next to nothing: no alarms, no dashboard,
# no web ACL. They are in the account of test, whose stack sets the role with which API Gateway writes logs.
password_client     = true
alarms              = false
log_retention_days  = 3
deletion_protection = false
trace_share         = null # a region has 25 sampling rules
