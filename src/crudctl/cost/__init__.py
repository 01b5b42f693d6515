"""What the service costs: the model with its price table, and the command that prints it."""
