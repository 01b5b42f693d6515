"""What only environments on AWS need: their state bucket, the way into them, and a look at the account."""
