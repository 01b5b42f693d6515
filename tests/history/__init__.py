"""Histories: many clients at once, everything they sent and received, and whether any order of the requests explains it."""
