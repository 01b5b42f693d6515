"""What locust runs: one user whose requests leave at fixed times, each in a greenlet of its own. Imports nothing of the project.

A user of locust waits for a response before the next request, so that a slow server is asked less often. Here the plan alone
decides when a request leaves, and its time is counted from then: https://www.scylladb.com/2021/04/22/on-coordinated-omission/

Environment: LOAD_PLAN, a JSON object:
    url, token: of the API and of a user.
    collection: path of the collection, without a slash.
    body: content to create a resource with.
    known: ids of resources that can be read.
    phases: [[seconds, requests per second], …]
    out: file that gets one JSON array for each request:
        [phase, second since the start at which it left, milliseconds until the response, status (0: none), id that was created]
"""

from __future__ import annotations

import itertools
import json
import os
import time
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, constant, task
from locust.exception import StopUser

PLAN: dict[str, Any] = json.loads(os.environ["LOAD_PLAN"])
TIMEOUT = 30.0  # seconds
KINDS = ("create", "read", "list", "read", "create", "read")  # in turn


class Caller(FastHttpUser):
    """Sends everything of the plan, once."""

    host = PLAN["url"]
    wait_time = constant(0)
    concurrency = 4000  # connections
    connection_timeout = network_timeout = TIMEOUT
    max_retries = 0

    @task
    def send(self) -> None:
        """Send the requests of all phases at their times, and wait until the last one is answered."""
        started, begun, sent = time.monotonic(), 0.0, []
        kinds = itertools.cycle(KINDS)
        known = itertools.cycle(PLAN["known"])
        with Path(PLAN["out"]).open("w", encoding="utf-8") as out:
            for phase, (seconds, rate) in enumerate(PLAN["phases"]):
                for number in range(int(seconds * rate)):
                    due = begun + number / rate
                    gevent.sleep(max(0.0, started + due - time.monotonic()))
                    sent.append(gevent.spawn(self._one, next(kinds), next(known), phase, started, due, out))
                begun += seconds
            gevent.joinall(sent, timeout=TIMEOUT * 2)
        self.environment.runner.quit()
        raise StopUser

    def _one(self, kind: str, resource_id: str, phase: int, started: float, due: float, out: Any) -> None:
        path = f"/{PLAN['collection']}"
        method, sends = ("POST", {"json": PLAN["body"]}) if kind == "create" else ("GET", {})
        path += {"create": "", "list": "?limit=10", "read": f"/{resource_id}"}[kind]
        headers = {"Authorization": f"Bearer {PLAN['token']}"}
        with self.client.request(method, path, name=kind, headers=headers, catch_response=True, **sends) as response:
            status = response.status_code or 0
            response.success()  # what failed is for the reader of the file to say
            created = response.json()["id"] if status == 201 else None
        elapsed = round((time.monotonic() - started - due) * 1000, 2)
        out.write(json.dumps([phase, round(due, 3), elapsed, status, created]) + "\n")
