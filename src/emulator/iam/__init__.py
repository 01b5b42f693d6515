"""IAM: condition keys, policy variables and actions that MiniStack lacks."""
