# The whole stack on this machine, without CloudFront: `crudctl up` serves the web app.
env                 = "local"
cdn                 = false
sign_up             = "open"
password_client     = true
waf                 = true
waf_rate_limit      = 2000000000
throttling          = { rate = 1000, burst = 2000, without_token = { rate = 1000, burst = 2000 } }
log_retention_days  = 7
deletion_protection = false
monthly_budget_usd  = 50                    # nobody pays here; the runbook has a page about it
slo                 = { latency_ms = 5000 } # a cold start here is a new process on a busy machine
