"""Backs up an environment's table and users to a file, and restores them from it."""
