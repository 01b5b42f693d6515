"""The web app: builds it, serves it on this machine and uploads it to AWS."""
