"""The local stack's AWS: MiniStack in a process of its own, and the AWS behaviour that it lacks."""
