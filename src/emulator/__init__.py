"""The local stack's AWS: the emulator process and the AWS behaviours it lacks."""
