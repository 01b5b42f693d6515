"""What an attacker sends: tokens, cursors and requests that must be refused, or do no harm. Each suite is a table of named cases.

`tests/torture/test_hostile.py` is the long form: the same cases for every contract of the tests, and schemathesis.
"""
