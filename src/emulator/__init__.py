"""The local stack's AWS: MiniStack in a process of its own, and the AWS behavior that it lacks."""
