"""Releases: the five functions' aliases move as one, and a bad version is taken back."""
