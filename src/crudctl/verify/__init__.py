"""Proves a deployed environment from outside: what was asked, what was expected, what was seen."""
