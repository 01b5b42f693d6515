"""MiniStack with the additions of this package, as a server; importing this module makes MiniStack read its settings."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from emulator import patches
from emulator.alarms import describe_alarms, evaluation
from emulator.apigateway import (
    api_account,
    base_path,
    deployments,
    gateway,
    integration,
    method_settings,
    mock,
    put_rest_api,
    request_line,
)
from emulator.cloudfront import response_headers
from emulator.cloudwatch import get_metric_data, metrics, statistics
from emulator.cognito import auth_time, client_secrets, refresh_rotation, sign_in_look, sign_in_metrics, sign_up
from emulator.dynamodb import query_pages, table_metrics
from emulator.http import edge, framing, one_write, signatures
from emulator.iam import (
    alias_actions,
    leading_keys,
    operation_actions,
    policy_variables,
    request_keys,
    resources,
    session_tags,
)
from emulator.lambda_ import credentials, environment, function_log, invocation, trace, worker_io, worker_start
from emulator.logs import filter_log_events, metric_filters, query_definitions
from emulator.state.persistence import Persistence
from emulator.state.store import StateStore
from emulator.xray import sampling_rules

GRACE = 0.5  # seconds
ADDITIONS = (
    put_rest_api,
    refresh_rotation,
    auth_time,
    sign_in_look,
    sign_up,
    client_secrets,
    leading_keys,
    policy_variables,
    alias_actions,
    operation_actions,
    resources,
    request_keys,
    session_tags,
    describe_alarms,
    evaluation,
    metrics,
    statistics,
    get_metric_data,
    metric_filters,
    filter_log_events,
    query_definitions,
    sign_in_metrics,
    query_pages,
    table_metrics,
    response_headers,
    api_account,
    base_path,
    deployments,
    gateway,
    integration,
    method_settings,
    mock,
    request_line,
    invocation,
    environment,
    worker_io,
    worker_start,
    function_log,
    trace,
    one_write,
    signatures,
    credentials,
)


def patched(state: Path) -> Persistence:
    """Apply all patches and return what saves the emulator's state, in the file `state`.

    Raises:
        Incompatible: MiniStack or Hypercorn is not the version that the patches were written for.
    """
    persistence = Persistence(StateStore(state))
    patches.install([sampling_rules, persistence, *ADDITIONS])  # a new service is saved like the others
    return persistence


async def serve(port: int, state: Path) -> None:
    """Serve on 127.0.0.1:`port` until SIGTERM or SIGINT, then save the state and return.

    Requests in flight have GRACE seconds to end. Functions that still run then are killed: they must not call an emulator
    that is started on the same port meanwhile.
    """
    persistence = patched(state / "state.sqlite")
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.keep_alive_max_requests = (
        2**31
    )  # after 1,000 Hypercorn would close a connection that a client is just writing to
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    served = framing.strict(edge.guarded(persistence))
    serving = asyncio.create_task(hypercorn_serve(served, config, shutdown_trigger=stop.wait))
    background = [asyncio.create_task(persistence.run()), asyncio.create_task(evaluation.run(persistence))]
    for task in background:
        task.add_done_callback(lambda _: stop.set())  # without them, nothing more would be saved or evaluated
    await asyncio.wait([serving, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait([serving], timeout=GRACE)  # Hypercorn's own limit is not effective since Python 3.12
    for task in (serving, *background):
        task.cancel()
    ended = await asyncio.gather(serving, *background, return_exceptions=True)
    environment.kill_all()
    persistence.save()
    for error in ended:
        if isinstance(error, Exception):
            raise error
