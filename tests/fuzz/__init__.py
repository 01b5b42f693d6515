"""Thousands of requests that schemathesis makes from the published contract, one by one and along its links: `make fuzz`.

Not part of `make test`, which has the quick form in tests/api/test_fuzz.py.
"""
