"""What the local stack measures of real regressions is what test_verdicts.py assumes; the functions, the emulator and Metrics."""

from __future__ import annotations

import time
import uuid

import httpx

from crudctl.release.aliases import PROD, Position
from crudctl.release.callers import Callers
from crudctl.release.canary_alarms import Traffic
from crudctl.release.evidence import total
from crudctl.release.metrics import Metrics
from crudctl.release.record import ROLLED_BACK, Release
from tests.release.rig import Places, Rig

TO_OLD, TO_NEW, WARM = 50, 25, 25
PERIOD, BAKE = 1, 20.0  # seconds; windows of five


def test_durations_4xx_and_responses_without_a_log_line_are_counted_for_the_version_that_had_them(
    rig: Rig, before: Places
) -> None:
    old = {name: at.version for name, at in before[PROD].items()}
    slow, silent = rig.publish("latency", "list_items"), rig.publish("malformed", "get_item")
    new = {**rig.healthy, "list_items": slow["list_items"], "get_item": silent["get_item"]}
    api = httpx.Client(base_url=rig.outputs["api_url"], headers={"Authorization": f"Bearer {rig.token()}"}, timeout=60)
    since = time.time() // 5 * 5
    measured = Release(1, old, new, old, [0.5], 0.0, "tests", "tests", 0, "tests", since, since)
    lookout = rig.cloud.lookout()
    lookout.post(measured, Traffic({}, 0.5))
    begun = time.time()
    warm = {name: Position(version) for name, version in new.items()}
    rig.put({PROD: warm})
    for _ in range(TO_NEW):  # the caches of the new version are cold
        assert api.get("/items").status_code == 200
        assert api.get(f"/items/{uuid.uuid4()}").status_code >= 500
    for version, requests in ((before, TO_OLD), ({PROD: warm}, WARM)):
        time.sleep(5 - time.time() % 5)  # what is served in a window is compared with the one before
        rig.put(version)
        for _ in range(requests):
            assert api.get("/items").status_code == 200
    for version, requests in (({PROD: warm}, TO_NEW), (before, 1)):
        rig.put(version)
        for _ in range(requests):
            assert api.delete(f"/items/{uuid.uuid4()}").status_code == 404
    other = {"Authorization": f"Bearer {rig.token(1)}"}
    assert api.delete(f"/items/{uuid.uuid4()}", headers=other).status_code == 404
    assert api.get("/items").status_code == 200
    lookout.remove()

    client = rig.cloud.client("cloudwatch")
    metrics = Metrics(client, rig.cloud.prefix, rig.functions, PERIOD, delay=0.0, clock=lambda: time.time() + 10)
    refusals = {"delete_item": [400, 404]}
    evidence, _ = metrics.evidence(old, new, [[0.5, since, begun]], BAKE, refusals=refusals)
    listed_by_new, listed_by_old = total(evidence["list_items"])
    got_by_new, _ = total(evidence["get_item"])
    assert (listed_by_new.requests, got_by_new.requests) == (TO_NEW + WARM, TO_NEW)
    assert listed_by_old.requests >= TO_OLD
    assert (got_by_new.unknown, got_by_new.faults) == (TO_NEW, 0)
    assert (listed_by_new.unknown, listed_by_old.unknown) == (0, 0)
    assert WARM <= sum(listed_by_new.ranges) < TO_NEW + WARM  # without the first ones
    assert listed_by_new.slow > 0  # in the window after that of the old version
    deleted = [count.refused for count in total(evidence["delete_item"])]
    assert deleted == [{400: 0, 404: TO_NEW}, {400: 0, 404: 2}]
    callers = Callers(rig.cloud.client("logs"), rig.functions, PERIOD)
    others = [count.others for count in total(callers.counted(evidence, old, new)["delete_item"])]
    assert others == [{404: 0}, {404: 1}]  # without the user who was refused by the new version


def test_a_real_crash_in_the_first_round_trip_rolls_back_before_any_user_calls_the_version(
    rig: Rig, before: Places
) -> None:
    ended = rig.releaser().start([0.1], 0, rig.publish("exceptions", "delete_item"))
    assert (ended.state, ended.by) == (ROLLED_BACK, "round trip")
    assert (
        ended.why
        == f"refused before any user had it: DELETE by delete_item version {ended.new['delete_item']} crashed: RuntimeError"
    )
    assert rig.places() == before
    assert rig.left_behind() == 0
