"""Runs Terraform: its program, its provider, its state and its outputs."""
