"""The calls of a whole environment's life, recorded from the provider again, with nothing but the roles of the workflows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from emulator import process
from tests.deploy import snapshot
from tests.deploy.account import Account
from tests.oracles.policies.recording import Call, distinct
from tests.oracles.policies.simulation import Request
from tests.servers import edge
from tests.snapshot import cloned
from tests.stack import ROOT, free_port, put_names

BOOTSTRAP = "ci.tfstate"  # the state of what bootstrap made
COMMITTED = ROOT / "tests" / "oracles" / "policies" / "calls.json"
NEW = ROOT / "build" / "calls.json"
LOGGING = 'resource "aws_wafv2_web_acl_logging_configuration" "api" {\n  count = '  # which the emulator does not have
BEFORE = 'waf = true\nabac = true\nalarm_emails = ["a@example.com"]\n'
AFTER = """waf = true
abac = true
waf_rate_limit = 4000
alarm_emails = ["b@example.com"]
throttling = { rate = 50, burst = 60 }
function_settings = { memory_size = 512, reserved_concurrency = 5 }
"""


class Recorder:
    """Collects what IAM checks for every request, by phase, while one is set."""

    def __init__(self) -> None:
        self.phase = ""
        self.requests: dict[str, list[Request]] = {}

    def seen(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        if self.phase:
            found = Call(method, path, headers, body).requests(snapshot.REGION, snapshot.ID)
            self.requests.setdefault(self.phase, []).extend(found)


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[Account, Recorder]]:
    """An empty account whose requests are recorded."""
    recorder, port, state = Recorder(), free_port(), tmp_path / "aws" / "state"
    (tmp_path / "aws").mkdir()
    pid = process.start(port, state, tmp_path / "aws" / "emulator.log", snapshot.REGION)
    process.wait_ready(port, 60, pid)
    with edge.before(process.endpoint_url(port), seen=recorder.seen) as url, cloned(tmp_path / "items") as stack:
        put_names(stack.home, snapshot.NAME, snapshot.REGION)
        yield Account(stack.home, url, snapshot.ID, process.root_secret(state)), recorder
    process.stop(pid)


def test_the_recorded_calls_are_those_that_are_checked(recorded: tuple[Account, Recorder]) -> None:
    account, recorder = recorded
    settings, waf = account.home / "infra" / "envs" / "test.tfvars", account.home / "infra" / "waf.tf"
    change_text(waf, lambda text: text.replace(f"{LOGGING}var.waf", f"{LOGGING}false && var.waf"))
    change_text(settings, lambda text: f"{text}\n{BEFORE}")
    snapshot.bootstrap(account)

    def run(phase: str, role: str, *arguments: str) -> Result:
        with account.as_role(f"{snapshot.NAME}-ci-test-{role}"):
            recorder.phase = phase
            result = account.run(*arguments)
            recorder.phase = ""
        assert result.exit_code == 0 or phase == "destroy", result.output
        return result

    run("apply", "deploy", "deploy", "--env", "test", "--yes")
    run("plan", "plan", "deploy", "--env", "test", "--plan")
    change_text(settings, lambda text: text.replace(BEFORE, AFTER))
    versions = account.home / "infra" / "versions.tf"
    change_text(versions, lambda text: text.replace('ManagedBy   = "terraform"', 'ManagedBy   = "another"'))
    run("change", "deploy", "deploy", "--env", "test", "--yes", "--steps", "50,100", "--bake", "2m")
    destroyed = run("destroy", "deploy", "destroy", "--env", "test", "--confirm", f"{snapshot.NAME}-test")
    assert "✓ Delete what Terraform does not know" in destroyed.stderr  # and then refused what an administrator made:
    assert BOOTSTRAP in destroyed.stderr

    found = {phase: distinct(requests) for phase, requests in recorder.requests.items()}
    NEW.write_text(as_text(found), encoding="utf-8")
    committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
    by_deploy = [call for calls in committed.values() for call in calls]
    known = {phase: committed["plan"] if phase == "plan" else by_deploy for phase in found}
    allowed = {phase: [call for call in calls if BOOTSTRAP not in json.dumps(call)] for phase, calls in found.items()}
    missing = [call for phase, calls in allowed.items() for call in calls if call not in known[phase]]
    assert missing == [], f"Review {NEW} and copy it to {COMMITTED}."


def change_text(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")


def as_text(found: dict[str, list[dict[str, object]]]) -> str:
    """Return calls as JSON with one in a line, so that a difference can be read."""
    phases = (
        f' "{phase}": [\n' + ",\n".join(f"  {json.dumps(call)}" for call in calls) + "\n ]"
        for phase, calls in found.items()
    )
    return "{\n" + ",\n".join(phases) + "\n}\n"
