"""Starts the peers, checks them, and measures: cold starts, warm requests, memory, packages, calls to DynamoDB."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.peers import conformance, packages
from bench.peers.conformance import LAMP, Api
from bench.peers.events import CLIENT, event
from bench.peers.process import Function
from bench.peers.registry import EXCHANGE, OURS, PEERS
from bench.peers.table import HOST, Exchange, Table

Progress = Callable[[str], None]
OWNER = "5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11"
PAGE = 25
WARM = 5  # requests before those that are timed
# what is timed: name -> operation that serves it
TIMED = {
    "get": "get_item",
    "create": "create_item",
    "create with key": "create_item",
    "update": "update_item",
    "delete": "delete_item",
    "list of 25": "list_items",
}
Events = dict[str, Any]
Recordings = dict[str, tuple[Any, list[Exchange]]]  # what is timed -> its event, and what the table answered


class Bench:
    """The peers `names`, which are built, and the table they use."""

    def __init__(self, names: Sequence[str], table: Table) -> None:
        self.names = names
        self.table = table
        self.log = table.folder / "log"

    def function(self, name: str, operation: str, source_only: bool = False) -> Function:
        """Start the function of a peer that serves an operation."""
        peer = PEERS[name]
        folder = packages.BUILT / (name + packages.SOURCE_ONLY * source_only)
        if peer.kind == "node":
            command = ["node", str(packages.runtime_of_node()), peer.handlers[operation]]
        else:
            command = [packages.python(), "-m", "awslambdaric", peer.handlers[operation]]
        environ = self._environment(name, folder) | {"_HANDLER": peer.handlers[operation]}
        return Function(command, folder, environ, self.log)

    def _environment(self, name: str, folder: Path) -> dict[str, str]:
        host = HOST if name == OURS else "localhost"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.table.folder),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": str(packages.BUILT / "runtime"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONNOUSERSITE": "1",
            "LAMBDA_TASK_ROOT": str(folder),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{'nodejs20.x' if PEERS[name].kind == 'node' else 'python3.13'}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "7",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/26/[7]0123456789abcdef",
            "AWS_REGION": "eu-west-2",
            "AWS_DEFAULT_REGION": "eu-west-2",
            "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_SESSION_TOKEN": "session" * 100,
            "AWS_ENDPOINT_URL_DYNAMODB": f"https://{host}:{self.table.port}",
            "AWS_CA_BUNDLE": str(self.table.store),
            "SSL_CERT_FILE": str(self.table.store),
            "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
            "NODE_EXTRA_CA_CERTS": str(self.table.root),
            "BENCH_ROOT": str(self.table.root),
            "TABLE_NAME": "bench",
            "INDEX_NAME": "by_owner",
            "IDEMPOTENCY_TABLE_NAME": "bench-idempotency",
            "CLIENT_IDS": CLIENT,
            "OWNERSHIP": "user",
            "METRIC_NAMESPACE": "items",
        }

    @contextlib.contextmanager
    def functions(self, name: str) -> Iterator[Mapping[str, Function]]:
        """Start every function of a peer; yield them by operation."""
        with contextlib.ExitStack() as running:
            started: dict[str, Function] = {}
            by_operation = {}
            for operation, handler in PEERS[name].handlers.items():
                if handler not in started:
                    started[handler] = running.enter_context(self.function(name, operation))
                    started[handler].started()
                by_operation[operation] = started[handler]
            yield by_operation

    def checked(self, name: str) -> Recordings:
        """Check that a peer has the API, and record one request of each kind. Raise AssertionError if it has not."""
        self.table.record()
        with self.functions(name) as functions:
            api = Api(lambda operation, asked: functions[operation].invoke(asked).value)
            before = self.log.stat().st_size
            conformance.check(api)
            with self.log.open(encoding="utf-8", errors="replace") as lines:
                lines.seek(before)
                conformance.logged(lines.read(), api.requests)
            return self._recorded(functions, api)

    def _recorded(self, functions: Mapping[str, Function], api: Api) -> Recordings:
        made = [api("POST", "/items", LAMP, 201)[0]["id"] for _ in range(PAGE + 3)]
        key, match = {"Idempotency-Key": f"key-{made[0]}-timed"}, {"If-Match": '"1"'}
        events: Events = {
            "get": event("GET", f"/items/{made[0]}"),
            "create": event("POST", "/items", LAMP),
            "create with key": event("POST", "/items", LAMP, key),
            "update": event("PATCH", f"/items/{made[1]}", {"quantity": 4, "name": "Lamp"}, match),
            "delete": event("DELETE", f"/items/{made[2]}", headers=match),
            "list of 25": event("GET", f"/items?limit={PAGE}"),
        }
        recordings = {}
        for what, asked in events.items():
            self.table.record()
            answer = functions[TIMED[what]].invoke(asked).value
            assert answer["statusCode"] < 300, f"{what}: {answer}"
            recordings[what] = (asked, self.table.recorded)
        return recordings


def cold(bench: Bench, recordings: Mapping[str, Recordings], runs: int, progress: Progress) -> dict[str, Any]:
    """Return milliseconds for each peer, with and without bytecode: CPU until ready, CPU until its first read is answered, and
    wall time of that read.

    Fresh processes take turns, so that what disturbs the machine disturbs all. The first turn fills caches and does not count.
    """
    kinds = [(name, False) for name in bench.names]
    kinds += [(name, True) for name in bench.names if PEERS[name].kind != "node" and PEERS[name].api]
    results: dict[str, Any] = {}
    for turn in range(runs + 1):
        progress(f"cold starts, turn {turn} of {runs}")
        for name, source_only in kinds:
            asked, exchanges = recordings[name if PEERS[name].api else OURS]["get"]
            bench.table.replay(exchanges)
            with bench.function(name, "get_item", source_only) as function:
                ready = function.started()
                answer = function.invoke(asked)
                done = function.cpu()
            assert answer.value["statusCode"] < 300, answer
            if turn:
                kept = results.setdefault(name, {}).setdefault("source" if source_only else "bytecode", {})
                for figure, value in (("init", ready), ("cpu", done), ("first_wall", answer.seconds * 1000)):
                    kept.setdefault(figure, []).append(round(value, 2))
    return results


def warm(
    bench: Bench, recordings: Mapping[str, Recordings], rounds: int, requests: int, progress: Progress
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return microseconds of CPU and of wall time for each request, by peer and what is timed; and the peak memory in MiB."""
    with contextlib.ExitStack() as running:
        functions = {name: running.enter_context(bench.functions(name)) for name in bench.names}
        results: dict[str, Any] = {name: {} for name in bench.names}
        for turn in range(rounds):
            progress(f"warm requests, round {turn + 1} of {rounds}")
            for what, operation in TIMED.items():
                for name in bench.names:
                    if name == EXCHANGE and what != "get":
                        continue
                    asked, exchanges = recordings[name if PEERS[name].api else OURS][what]
                    bench.table.replay(exchanges)
                    cpu, wall = _timed(functions[name][operation], asked, requests)
                    kept = results[name].setdefault(what, {"cpu": [], "wall": []})
                    kept["cpu"].append(round(cpu, 1))
                    kept["wall"].append(round(wall, 1))
        memory = {name: round(max(each.peak() for each in set(functions[name].values())), 1) for name in bench.names}
    return results, memory


def _timed(function: Function, asked: Any, requests: int) -> tuple[float, float]:
    for _ in range(WARM):
        function.invoke(asked)
    before, seconds = function.cpu(), 0.0
    for _ in range(requests):
        answer = function.invoke(asked)
        assert answer.value["statusCode"] < 300, answer
        seconds += answer.seconds
    return (function.cpu() - before) * 1000 / requests, seconds * 1e6 / requests


def package_sizes(bench: Bench) -> dict[str, Any]:
    """Return by peer the bytes of what would be deployed, unpacked and as a zip, and how many packages of others it contains."""
    sizes = {}
    for name in bench.names:
        peer = PEERS[name]
        unpacked, zipped = packages.size(packages.BUILT / (name + packages.SOURCE_ONLY * (peer.kind == "python")))
        if peer.kind == "functions":
            zipped = (packages.BUILT / "functions.zip").stat().st_size
        others = [each.name for each in packages.distributions_of(peer.distributions)] if peer.distributions else []
        sizes[name] = {"unpacked": unpacked, "zip": zipped, "packages": sorted(others)}
    return sizes


def calls(recordings: Mapping[str, Recordings]) -> dict[str, Any]:
    """Return by peer and what is timed the actions that DynamoDB is asked for, and the bytes of the requests."""
    return {
        name: {
            what: {"actions": [each.action for each in exchanges], "sent": sum(each.sent for each in exchanges)}
            for what, (_, exchanges) in recorded.items()
        }
        for name, recorded in recordings.items()
    }
