"""CloudWatch metrics: recorded, kept, and queried with metric math."""
