env                 = "test"
password_client     = true
log_retention_days  = 7
deletion_protection = false
