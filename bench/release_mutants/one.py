"""Answers a release's questions with the functions in a folder, in a process of its own, and prints what was found as JSON.

    python -m bench.release_mutants.one SOURCE

The environment is that of the deployed functions; the project's contract is in the present folder.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import uuid
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from crudctl.build import contract, exchanges, round_trip
from crudctl.release import differential, probe
from crudctl.release.probe import Probe

SECONDS = 10  # that a function may take


class Functions:
    """The handlers in the place of boto3's client of Lambda."""

    def __init__(self) -> None:
        self._contract = importlib.import_module("functions.contract")
        self._handlers = importlib.import_module("functions.handlers")

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        """Return the environment."""
        return {"Environment": {"Variables": dict(os.environ)}}

    def invoke(self, FunctionName: str, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Run the handler of a function."""
        context = SimpleNamespace(aws_request_id=str(uuid.uuid4()), get_remaining_time_in_millis=lambda: SECONDS * 1000)
        handler = self._contract.OPERATIONS[FunctionName]["handler"]
        try:
            response = getattr(self._handlers, handler)(json.loads(Payload), context)
            return {"Payload": io.BytesIO(json.dumps(response).encode()), "ExecutedVersion": "1"}
        except Exception as error:  # noqa: BLE001 - a crash of the function is what is looked for
            crash = json.dumps({"errorType": type(error).__name__}).encode()
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(crash), "ExecutedVersion": "1"}


def main() -> None:
    """Print `{"trip": what the round trip found, "answers": ...}`; without answers if the source cannot be imported."""
    document = contract.read(Path.cwd())
    script, trip = exchanges.script(document), round_trip.plan(document)
    for name in [name for name in sys.modules if name.split(".")[0] == "functions"]:
        del sys.modules[name]  # those that crudctl works with have no mistake
    sys.path.insert(0, sys.argv[1])
    keys = {one.function for one in script}
    try:
        client = Functions()
    except Exception as error:  # noqa: BLE001 - a mutant may not even start
        print(json.dumps({"trip": f"does not start: {type(error).__name__}"}))
        return
    sys.stdout, told = io.StringIO(), sys.stdout  # the functions' log lines
    probe.OWNER = f"release-{uuid.uuid4()}"  # several of these processes run at once, and each lists its own
    trips = Probe(client, {key: key for key in keys}, trip)
    found = trips.round_trip("prod")
    given = differential.answers(trips.answer, script, dict.fromkeys(keys, "1"))
    answers = {name: asdict(answer) for name, answer in given.items()}
    print(json.dumps({"trip": found.fault or found.wrong, "answers": answers}), file=told)


if __name__ == "__main__":
    main()
