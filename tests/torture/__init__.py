"""The long forms of the tests of docs/reliability.md and docs/security.md, which write the figures there: `make torture`."""
