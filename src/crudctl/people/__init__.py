"""The users of an environment: listed, invited, and shut out. Used by the command line only."""
