"""Tests of the emulator's additions: what each adds, and that MiniStack alone still lacks it."""
