"""Run MiniStack with the additions of this package: `python -m emulator --port N --region NAME --state DIR [--log FILE]`.

It serves on loopback only and knows nothing of the stack that is deployed into it.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

from emulator import process
from emulator.patches import Incompatible
from emulator.settings import environment


def main() -> None:
    """Parse the command line and serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m emulator")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--identity", help="of the state folder, by which process.serving finds this process")
    parser.add_argument("--region", required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    state = arguments.state.resolve()
    shutil.rmtree(state / "tmp", ignore_errors=True)  # code that a killed emulator left unpacked
    (state / "tmp" / "home").mkdir(parents=True)
    settings = environment(arguments.port, state, arguments.region, process.root_secret(state))
    os.environ.clear()
    os.environ.update(settings)
    logging.basicConfig(
        filename=arguments.log,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s [%(name)s] %(message)s",
    )
    server = importlib.import_module("emulator.server")  # imports MiniStack, which reads the environment
    try:
        asyncio.run(served(server, arguments.port, state))
    except Incompatible as refused:
        sys.exit(f"The emulator cannot start. {refused}")


async def served(server: ModuleType, port: int, state: Path) -> None:
    """Serve, and end the process without waiting for threads of MiniStack: all state is saved."""
    await server.serve(port, state)
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
