env                = "prod"
waf                = true
log_retention_days = 90
