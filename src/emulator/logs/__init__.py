"""CloudWatch Logs: streams, metric filters and saved queries."""
