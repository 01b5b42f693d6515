"""Deploys to AWS: `bootstrap`, `deploy` and the tokens to test a deployed API with."""
