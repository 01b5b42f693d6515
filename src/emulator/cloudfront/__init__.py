"""CloudFront: what MiniStack returns of policies."""
