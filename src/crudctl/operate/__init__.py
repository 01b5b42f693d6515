"""Operating the service: its alarms and its dashboard, on the local stack and on AWS."""
