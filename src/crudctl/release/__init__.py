"""Releases: move the aliases of all functions to a new version as one, and roll a bad version back."""
