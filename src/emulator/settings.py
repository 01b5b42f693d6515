"""The environment variables from which MiniStack reads its settings when it is imported."""

from __future__ import annotations

import os
from pathlib import Path

from emulator.process import ACCOUNT

_INHERITED = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")


def environment(port: int, state: Path, region: str, secret: str) -> dict[str, str]:
    """Return the whole environment of an emulator of a region on 127.0.0.1:`port` that keeps its files in the folder `state`.

    Args:
        secret: of the root of its account.

    Nothing of the caller's AWS configuration is passed on, and no home in which there may be some: MiniStack hands its own
    environment to the functions it runs, and a developer's real credentials must never reach them.
    """
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": region,
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "TZ": "UTC",
        "TMPDIR": str(state / "tmp"),
        "HOME": str(state / "tmp" / "home"),
    }
