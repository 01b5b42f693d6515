"""API Gateway: PutRestApi, the integration with functions, errors, access log and metrics."""
