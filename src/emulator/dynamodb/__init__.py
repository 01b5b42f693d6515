"""DynamoDB: the metrics of tables."""
