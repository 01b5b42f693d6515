"""CloudWatch alarms: described in full, evaluated, and acting on functions."""
