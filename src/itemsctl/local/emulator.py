"""Runs MiniStack in its own process, on loopback, with the additions of this package.

`python -m itemsctl.local.emulator --port N --state DIR [--log FILE]`. It must know nothing of the
stack that is deployed into it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import shutil
import signal
from pathlib import Path

REGION = "eu-west-2"
ACCOUNT = "000000000000"


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


def install_additions() -> None:
    """Apply every addition of this package to the MiniStack that is about to serve."""
    from itemsctl.local import alarms, environment, gateway, iam, invocation, put_rest_api

    put_rest_api.install()
    iam.install()
    alarms.install()
    gateway.install()
    invocation.install()
    environment.install()


async def serve(port: int, state: Path) -> None:
    """Serve until SIGTERM or SIGINT, then save the state and return."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack.app import app

    from itemsctl.local import edge, persistence

    keeper = persistence.install(state / "state.sqlite")

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    saver = asyncio.create_task(keeper.run())
    served = edge.guarded(app, keeper)
    await hypercorn_serve(served, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]
    saver.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await saver


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m itemsctl.local.emulator")
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
    install_additions()
    asyncio.run(serve(arguments.port, state))


if __name__ == "__main__":
    main()
