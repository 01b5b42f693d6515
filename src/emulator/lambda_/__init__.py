"""Lambda: invocation by alias weight, the execution environment and its log."""
