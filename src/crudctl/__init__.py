"""The command line. Its folders are layers: deploy, operate, local, release, then infra, build and web."""
