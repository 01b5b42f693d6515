"""Operates an environment: logs, alarms, dashboard and `doctor`."""
