"""Tries one version of the functions as a release does before its first user: what stops it, and which lines were run.

Each trial is a process of its own, forked from one that has imported what all need: what it breaks ends with it.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import sys
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from shutil import copytree
from typing import Any

from bench.release_mutants.functions import NEW, OLD, Functions, Version
from bench.release_mutants.mutants import Mutant
from crudctl.build import contract, exchanges, round_trip
from crudctl.release import differential, offered, probe

ROOT = Path(__file__).parents[2]
PATIENCE = 90  # seconds for one trial; one that takes longer hangs


@dataclass(frozen=True)
class Outcome:
    """What stops a version.

    Attributes:
        trip: what the round trip found; empty if nothing.
        lines: the differences that the comparison found.
        run: lines that were run, as `(file, line)`; only of a trial that was traced.
    """

    trip: str = ""
    lines: tuple[str, ...] = ()
    run: frozenset[tuple[str, int]] = frozenset()

    @property
    def faults(self) -> bool:
        """Whether one of the requests fails by a crash or with 5xx, which the guard counts once users send it."""
        return any("-> a crash" in line or "-> 5" in line for line in self.lines)

    @property
    def stopped(self) -> str:
        """What stops the version first; empty if nothing does."""
        return "round trip" if self.trip else "comparison" if self.lines else ""


def trial(mutant: Mutant | None, environ: Mapping[str, str], *, traced: bool = False) -> Outcome:
    """Try the functions, with one mistake or without."""
    context = multiprocessing.get_context("forkserver")  # a fork of this process, which has threads, could hang
    context.set_forkserver_preload(["bench.release_mutants.trial"])
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sending, mutant, dict(environ), traced))
    process.start()
    sending.close()
    try:
        if not receiving.poll(PATIENCE):
            return Outcome(trip="hangs")
        outcome: Outcome = receiving.recv()
    except EOFError:
        return Outcome(trip="does not start")
    finally:
        process.kill()
        process.join()
    return outcome


def _run(sending: Connection, mutant: Mutant | None, environ: dict[str, str], traced: bool) -> None:
    os.environ.update(environ)
    sys.stdout = sys.stderr = io.StringIO()  # the functions' log lines
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "functions"
        copytree(ROOT / "src" / "functions", source)
        if mutant:
            (source / mutant.file).write_text(mutant.source, encoding="utf-8")
        owner = f"release-{uuid.uuid4()}"  # several trials run at once, and each lists its own
        probe.OWNER = owner
        run: set[tuple[str, int]] = set()
        if traced:
            sys.settrace(_tracer(str(source), run))
        try:
            versions = {OLD: Version(ROOT / "src", owner), NEW: Version(Path(folder), owner)}
        except BaseException as error:  # noqa: BLE001 - a mutant may not even start
            sending.send(Outcome(trip=f"does not start: {type(error).__name__}"))
            return
        outcome = _tried(Functions(versions))
        sending.send(Outcome(outcome.trip, outcome.lines, frozenset(run)))


def _tried(client: Functions) -> Outcome:
    script, trip, intended = _questions()
    keys = {one.function for one in script.exchanges}
    trips = probe.Probe(client, {key: key for key in keys}, trip)
    found = trips.round_trip("canary")
    if found.fault or found.wrong:
        return Outcome(trip=found.fault or found.wrong)
    old, new = (dict.fromkeys(keys, number) for number in (OLD, NEW))
    return Outcome(lines=tuple(differential.differences(trips.answer, script, old, new, intended, at_once=1)))


@cache
def _questions() -> Any:
    document = contract.read(ROOT)
    return exchanges.script(document), round_trip.plan(document), offered.intended(document, document)


def _tracer(folder: str, run: set[tuple[str, int]]) -> Any:
    def lines(frame: Any, event: str, _: Any) -> Any:
        if event == "line":
            run.add((frame.f_code.co_filename.removeprefix(folder + "/"), frame.f_lineno))
        return lines

    def calls(frame: Any, _event: str, _: Any) -> Any:
        inside = frame.f_code.co_filename.startswith(folder) and frame.f_code.co_name != "<module>"
        return lines if inside else None

    return calls
