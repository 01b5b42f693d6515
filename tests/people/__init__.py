"""The users of an environment."""
