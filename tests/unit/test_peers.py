"""The harness of bench/peers, run once with few requests, and the page that it writes. No time is asserted."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench.peers import __main__ as command
from bench.peers import conformance, figures, packages, report
from bench.peers.figures import Figure
from bench.peers.registry import BOTO3, FLOOR, OURS, PEERS
from bench.peers.table import Exchange, Table
from crudctl.operate import bench
from tests.invoke import invoke
from tests.stack import ROOT

linux = pytest.mark.skipif(sys.platform != "linux", reason="it reads the clocks of processes, which only Linux has")


@linux
def test_a_run_of_the_bench_has_every_figure_of_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "BUILT", tmp_path / "peers")
    names = [OURS, FLOOR]
    packages.build(names)
    result = command.measure(names, command.OF_PEERS, runs=1, rounds=1, requests=1)
    assert {what: set(each["actions"]) for what, each in result["dynamodb"]["peers"][OURS].items()} == {
        "get": {"GetItem"},
        "create": {"PutItem"},
        "create with key": {"PutItem"},
        "update": {"UpdateItem"},
        "delete": {"UpdateItem"},
        "list of 25": {"Query"},
    }
    assert all(result[part]["peers"].keys() == {*names} for part in ("cold", "warm", "memory", "package"))
    assert result["cold"]["peers"][OURS].keys() == {"bytecode", "source"}
    assert result["package"]["peers"][OURS]["packages"] == []
    page = report.text(result)
    assert all(
        f"\n## {title}\n" in page for title in ("Cold start and first read", "Warm requests", "Memory", "Package")
    )
    assert all(PEERS[name].title in page for name in names)


def test_the_page_is_what_its_figures_make() -> None:
    result = json.loads((ROOT / "bench" / "peers" / "result.json").read_text(encoding="utf-8"))
    # in a project that was made from this one, a line before it says where it was measured
    assert (ROOT / report.PAGE).read_text(encoding="utf-8").endswith(report.text(result))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"statusCode": 200}, "200 instead of 201"),
        ({"headers": {"Access-Control-Allow-Origin": "*"}}, "x-correlation-id"),
        ({"body": '{"id": "1", "name": "Desk lamp"}'}, "KeyError|'description'"),
    ],
    ids=["status", "headers", "body"],
)
def test_a_peer_without_the_api_is_not_timed(change: dict[str, object], fault: str) -> None:
    def send(_: str, event: dict[str, dict[str, str]]) -> dict[str, object]:
        headers = {
            "Access-Control-Allow-Origin": "*",
            "X-Correlation-Id": event["requestContext"]["requestId"],
            "Cache-Control": "private, no-cache",
            "Content-Type": "application/json",
        }
        return {"statusCode": 201, "headers": headers, "body": json.dumps(conformance.LAMP)} | change

    with pytest.raises((AssertionError, KeyError), match=fault):
        conformance.check(conformance.Api(send))


def test_a_request_without_its_log_line_fails_the_check() -> None:
    line = {"request_id": "a", "status": 200, "timestamp": 1, "level": "INFO", "operation": "o", "method": "GET"}
    conformance.logged(json.dumps({**line, "duration_ms": 1}) + "\nREPORT not JSON\n", [("a", 200)])
    for text, why in (
        ("", "log lines of a"),
        (json.dumps(line), "lacks"),
        (f"{json.dumps(line)}\n" * 2, "log lines of a"),
    ):
        with pytest.raises(AssertionError, match=why):
            conformance.logged(text, [("a", 200)])


def test_ratios_compare_the_figures_of_one_turn() -> None:
    assert figures.ratios([1, 10], [2, 20]) == [0.5, 0.5]
    assert Figure.of([4.0]) == Figure(4, 4, 4)
    assert Figure.of([1, 2, 3, 4, 5]) == Figure(3, 2, 4)


def test_a_warm_request_is_counted_above_the_empty_handler_of_its_runtime() -> None:
    peers = {
        name: {"get": {"cpu": [cpu]}}
        for name, cpu in ((OURS, 700.0), (FLOOR, 400.0), ("node", 900.0), ("node-floor", 300.0))
    }
    assert figures.warm({"warm": {"peers": peers}}, OURS, "get") == [300]
    assert figures.warm({"warm": {"peers": peers}}, "node", "get") == [600]


@pytest.mark.parametrize(("load", "bound"), [(1.0, 0.18), (9.0, 0.23)], ids=["quiet", "busy"])
def test_a_busy_machine_has_targets_of_its_own(load: float, bound: float) -> None:
    peers = {name: {"get": {"cpu": [cpu]}} for name, cpu in ((OURS, 800.0), (FLOOR, 400.0), ("powertools", 2400.0))}
    result = {"warm": {"machine": {"load": load, "cores": 2}, "peers": peers}}
    [(target, figure, compared)] = figures.met(result)
    assert (target.what, figure.median, compared) == ("warm get, against Powertools", 0.2, bound)


def test_a_peer_that_asks_for_something_else_than_was_recorded_is_found_out() -> None:
    with Table() as table:
        table.replay([Exchange("GetItem", 1, b"")])
        with pytest.raises(AssertionError, match="Query is asked for where GetItem was recorded"):
            table._respond("Query", b"{}")


def test_the_command_has_the_parts_of_the_bench() -> None:
    assert bench.PARTS == command.PARTS
    assert bench.OF_PEERS == command.OF_PEERS
    refused = invoke(ROOT, "bench", "nothing")
    assert refused.exit_code == 1
    assert all(part in refused.output for part in bench.PARTS)


def test_only_peers_that_exist_can_be_chosen() -> None:
    assert command._names("boto3") == [OURS, BOTO3, FLOOR]
    with pytest.raises(KeyError, match="django"):
        command._names("django")


def test_every_peer_serves_every_operation() -> None:
    operations = set(conformance.OPERATIONS.values())
    assert all(peer.handlers.keys() == operations for peer in PEERS.values())
