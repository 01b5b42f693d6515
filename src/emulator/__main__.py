"""Runs MiniStack in its own process, on loopback, with the additions of this package.

`python -m emulator --port N --state DIR [--log FILE]`. It must know nothing of the
stack that is deployed into it.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import os
import shutil
from pathlib import Path

from emulator.process import ACCOUNT, REGION


def environment(port: int, state: Path) -> dict[str, str]:
    """The whole environment of the emulator. MiniStack reads its settings from here on import.

    Nothing of the caller's AWS configuration is passed on: MiniStack hands its own environment
    to the functions it runs, and a developer's real credentials must never reach them.
    """
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "MINISTACK_REGION": REGION,
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
    }


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m emulator")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    state = arguments.state.resolve()
    shutil.rmtree(state / "tmp", ignore_errors=True)  # code a killed emulator left unpacked
    (state / "tmp").mkdir(parents=True)
    settings = environment(arguments.port, state)
    os.environ.clear()
    os.environ.update(settings)
    logging.basicConfig(
        filename=arguments.log,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s [%(name)s] %(message)s",
    )
    serving = importlib.import_module("emulator.server")  # MiniStack reads the environment now
    asyncio.run(serving.serve(arguments.port, state))


if __name__ == "__main__":
    main()
