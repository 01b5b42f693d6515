"""The cost of the service: the model with its price table, and the command that prints it."""
