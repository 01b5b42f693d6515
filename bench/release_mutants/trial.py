"""Tries one version of the functions as a release does before its first user: what stops it, and which lines were run.

Each trial is a process of its own, forked from one that has imported what all need: what it breaks ends with it.
"""

from __future__ import annotations

import copy
import io
import multiprocessing
import os
import sys
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import yaml

from bench.release_mutants.functions import NEW, OLD, Functions, Version
from bench.release_mutants.mutants import Mutant
from crudctl.build import contract, package, round_trip, service
from crudctl.release import differential, offered, probe
from crudctl.release.comparable import Answer

ROOT = Path(__file__).parents[2]
Answers = Mapping[str, Answer]
FIELDS = """
day: { type: string, format: date }
moment: { type: string, format: date-time }
share: { type: number, minimum: 0.1, maximum: 0.7, exclusiveMaximum: true }
count: { type: integer, format: int32 }
amount: { type: number }
flag: { type: boolean, nullable: true }
place:
  type: object
  additionalProperties: false
  required: [street]
  properties: { street: { type: string, minLength: 1 }, city: { type: string, nullable: true } }
parts:
  type: array
  minItems: 1
  items:
    type: object
    additionalProperties: false
    required: [sku]
    properties: { sku: { type: string, pattern: "^[a-z]+$", example: abc }, weight: { type: number } }
loose: { type: object, minProperties: 1, properties: { known: { type: integer } } }
anything: {}
"""
HANGS = "hangs"
PATIENCE = 90  # seconds for one trial; one that takes longer hangs


@dataclass(frozen=True)
class Outcome:
    """What stops a version.

    Attributes:
        trip: what the round trip found; empty if nothing.
        lines: the differences that the comparison found.
        run: lines that were run, as `(file, line)`; only of a trial that was traced.
        before: the old version's answers; only of that trial, too.
    """

    trip: str = ""
    lines: tuple[str, ...] = ()
    run: frozenset[tuple[str, int]] = frozenset()
    before: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def faults(self) -> bool:
        """Whether one of the requests fails by a crash or with 5xx, which the guard counts once users send it."""
        return any("-> a crash" in line or "-> 5" in line for line in self.lines)

    @property
    def stopped(self) -> str:
        """What stops the version first; empty if nothing does."""
        return "round trip" if self.trip else "comparison" if self.lines else ""


def trial(mutant: Mutant | None, environ: Mapping[str, str], before: Mapping[str, Answer] | None = None) -> Outcome:
    """Try the functions, with one mistake or without.

    Args:
        mutant: the mistake.
        environ: of the functions.
        before: the old version's answers. If they are not known, the trial finds them out, and which lines are run.
    """
    context = multiprocessing.get_context("forkserver")  # a fork of this process, which has threads, could hang
    context.set_forkserver_preload(["bench.release_mutants.trial"])
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sending, mutant, dict(environ), before))
    process.start()
    sending.close()
    try:
        if not receiving.poll(PATIENCE):
            return Outcome(trip=HANGS)
        outcome: Outcome = receiving.recv()
    except EOFError:
        return Outcome(trip="does not start")
    finally:
        process.kill()
        process.join()
    return outcome


def _run(sending: Connection, mutant: Mutant | None, environ: dict[str, str], before: Answers | None) -> None:
    os.environ.update(environ)
    sys.stdout = sys.stderr = io.StringIO()  # the functions' log lines
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for version, mistake in (("old", None), ("new", mutant)):
            _write(folder / version / "functions", mistake)
        owner = f"release-{uuid.uuid4()}"  # several trials run at once, and each lists its own
        probe.OWNER = owner
        run: set[tuple[str, int]] = set()
        if before is None:
            sys.settrace(_tracer(str(folder / "old" / "functions"), run))
        try:
            versions = {OLD: Version(folder / "old", owner), NEW: Version(folder / "new", owner)}
        except BaseException as error:  # noqa: BLE001 - a mutant may not even start
            sending.send(Outcome(trip=f"does not start: {type(error).__name__}"))
            return
        outcome = _tried(Functions(versions), before)
        sending.send(replace(outcome, run=frozenset(run)))


def _write(source: Path, mutant: Mutant | None) -> None:
    """Write the sources of the functions for the contract of this bench, with one mistake or without."""
    copytree(ROOT / "src" / "functions", source, ignore=ignore_patterns("__pycache__"))
    (source / "operations.py").write_text(package.operations_module(document()), encoding="utf-8")
    if mutant:
        (source / mutant.file).write_text(mutant.source, encoding="utf-8")


def _tried(client: Functions, before: Answers | None) -> Outcome:
    script, trip, intended = _questions()
    keys = {one.function for one in script.exchanges}
    trips = probe.Probe(client, {key: key for key in keys}, trip)
    found = trips.round_trip("canary")
    if found.fault or found.wrong:
        return Outcome(trip=found.fault or found.wrong)
    old, new = (dict.fromkeys(keys, number) for number in (OLD, NEW))
    known = before or differential.answers(trips.answer, script, differential.Serving(old, old, old), at_once=1)
    lines = differential.differences(trips.answer, script, old, new, intended, at_once=1, before=known)
    return Outcome(lines=tuple(lines), before={} if before else known)


@cache
def _questions() -> Any:
    script, intended = offered.asked(document(), document())
    return script, round_trip.plan(document()), intended


@cache
def document() -> Any:
    """Return this project's contract with a field of each kind of schema that it has none of."""
    found = copy.deepcopy(contract.read(ROOT))
    name = service.describe(found).content_schema
    found["components"]["schemas"][name]["properties"].update(yaml.safe_load(FIELDS))
    return found


def _tracer(folder: str, run: set[tuple[str, int]]) -> Any:
    def lines(frame: Any, event: str, _: Any) -> Any:
        if event == "line":
            run.add((frame.f_code.co_filename.removeprefix(folder + "/"), frame.f_lineno))
        return lines

    def calls(frame: Any, _event: str, _: Any) -> Any:
        inside = frame.f_code.co_filename.startswith(folder) and frame.f_code.co_name != "<module>"
        return lines if inside else None

    return calls
