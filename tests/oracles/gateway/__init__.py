"""What AWS documents of API Gateway, to check what Terraform sends to it. Of the emulator only the list of variables is used."""
