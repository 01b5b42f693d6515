"""Serves MiniStack with the additions of this package; importing it is what reads the settings."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from ministack.app import app

from emulator import edge, one_write
from emulator.alarms import describe_alarms, evaluation
from emulator.apigateway import gateway, integration, put_rest_api
from emulator.cloudwatch import metric_data, metrics, statistics
from emulator.cognito import auth_time, refresh_rotation, sign_in_metrics, sign_up
from emulator.dynamodb import table_metrics
from emulator.iam import alias_actions, authorization
from emulator.lambda_ import environment, function_log, invocation
from emulator.logs import metric_filters, query_definitions
from emulator.state import persistence

if TYPE_CHECKING:
    from pathlib import Path


ADDITIONS = (
    put_rest_api,
    refresh_rotation,
    auth_time,
    sign_up,
    authorization,
    alias_actions,
    describe_alarms,
    evaluation,
    metrics,
    statistics,
    metric_data,
    metric_filters,
    query_definitions,
    sign_in_metrics,
    table_metrics,
    gateway,
    integration,
    invocation,
    environment,
    function_log,
)


async def serve(port: int, state: Path) -> None:
    """Serve on 127.0.0.1:`port` until SIGTERM or SIGINT, then save the state and return."""
    keeper = persistence.install(state / "state.sqlite")
    for addition in ADDITIONS:
        addition.install()
    one_write.install()
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    background = [asyncio.create_task(keeper.run()), asyncio.create_task(evaluation.run(keeper))]
    served = edge.guarded(app, keeper)
    await hypercorn_serve(served, config, shutdown_trigger=stop.wait)
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
