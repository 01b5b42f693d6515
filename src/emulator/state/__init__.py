"""The saved state: written while the emulator runs, loaded at its start."""
