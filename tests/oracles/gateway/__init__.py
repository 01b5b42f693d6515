"""What AWS documents of API Gateway, written down without the emulator, to check what Terraform sends to it."""
