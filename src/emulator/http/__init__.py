"""The HTTP server: what every request and response passes."""
