"""A burst of requests ends somewhere: some are in functions, some wait, and the others are refused at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulator.apigateway import admission
from emulator.apigateway.admission import RUNNING, WAITING

from .stack import Stack, eventually

# Runs until the file `go` exists, and says so by a file of its own.
WAITS = (
    "import pathlib, time, uuid\n"
    "def handler(event, context):\n"
    "    folder = pathlib.Path({folder!r})\n"
    "    (folder / uuid.uuid4().hex).touch()\n"
    "    while not (folder / 'go').exists(): time.sleep(0.02)\n"
    "    return {{'statusCode': 200, 'body': ''}}"
)


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(RUNNING + WAITING + 5) as pool:
        yield pool


def burst(stack: Stack, folder: Path, callers: ThreadPoolExecutor, requests: int) -> tuple[str, list[Future[int]]]:
    """Send requests at once to a function that waits in `folder`, and return its name; each returns its status."""
    name = stack.function(WAITS.format(folder=str(folder)))
    stack.permit(name)
    api = stack.api(integration=stack.integration(name))
    return name, [callers.submit(lambda: api.post().status_code) for _ in range(requests)]


def throttles(stack: Stack, function: str) -> float:
    """Return how many invocations of a function Lambda has refused, by its metric."""
    now = datetime.now(UTC)
    found = stack.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Throttles",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(float(point["Sum"]) for point in found)


@pytest.mark.adds(admission.CONCURRENCY)
def test_burst_is_refused_beyond_the_queue_and_served_within(
    ours: Stack, tmp_path: Path, callers: ThreadPoolExecutor
) -> None:
    """What is refused is a throttle of the function's, as its alarm expects."""
    function, sent = burst(ours, tmp_path, callers, RUNNING + WAITING + 5)
    eventually(lambda: sum(one.done() for one in sent) >= 5, 300)
    eventually(lambda: len(list(tmp_path.iterdir())) >= RUNNING, 300)
    assert len(list(tmp_path.iterdir())) == RUNNING
    (tmp_path / "go").touch()
    assert Counter(one.result() for one in sent) == {200: RUNNING + WAITING, 500: 5}
    assert eventually(lambda: throttles(ours, function) == 5, 300)


@pytest.mark.lacks(admission.CONCURRENCY)
def test_ministack_starts_a_process_for_every_request(
    ministack: Stack, tmp_path: Path, callers: ThreadPoolExecutor
) -> None:
    _, sent = burst(ministack, tmp_path, callers, RUNNING + 1)
    eventually(lambda: len(list(tmp_path.iterdir())) == RUNNING + 1, 300)
    (tmp_path / "go").touch()
    assert {one.result() for one in sent} == {200}


def test_place_that_nobody_waited_for_is_free_again() -> None:
    async def give_up() -> int:
        places = admission.Places(running=1, waiting=1)
        give_back = await places.take()
        waiting = asyncio.create_task(places.take())
        await asyncio.sleep(0)
        with pytest.raises(admission.Full):
            await places.take()
        waiting.cancel()
        await asyncio.wait([waiting])
        give_back()
        (await places.take())()
        return 1

    assert asyncio.run(give_up())
