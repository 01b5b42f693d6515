"""Releases: move the aliases of the five functions to a new version as one, and roll a bad version back."""
