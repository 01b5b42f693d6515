"""What `crudctl doctor` reports of an account, on accounts with one deficiency each."""

from __future__ import annotations

import copy
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crudctl.console import Failed
from crudctl.deploy.steps import stops
from crudctl.operate import doctor
from crudctl.project import Environment
from tests.stack import put_names

Json = dict[str, Any]
LAMBDA: Json = {
    "AccountLimit": {"UnreservedConcurrentExecutions": 1000, "TotalCodeSize": 80 << 30},
    "AccountUsage": {"TotalCodeSize": 1 << 30},
}
GATEWAY: Json = {"throttleSettings": {"rateLimit": 10000.0, "burstLimit": 5000}}


@dataclass(frozen=True)
class Account(Environment):
    """An environment whose account returns the given settings."""

    functions: Json = field(default_factory=lambda: copy.deepcopy(LAMBDA))
    gateway: Json = field(default_factory=lambda: copy.deepcopy(GATEWAY))
    endpoint: str = ""

    def client(self, service: str, region: str = "") -> Any:
        """The few calls that the checks make of a service."""
        meta = SimpleNamespace(endpoint_url=self.endpoint, region_name="eu-west-2")
        return {
            "lambda": SimpleNamespace(meta=meta, get_account_settings=lambda: self.functions),
            "apigateway": SimpleNamespace(meta=meta, get_account=lambda: self.gateway),
            "sts": SimpleNamespace(meta=meta),
        }[service]


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """An account with all that prod needs."""
    (tmp_path / "infra" / "envs").mkdir(parents=True)
    (tmp_path / "infra" / "envs" / "prod.tfvars").write_text('env = "prod"\n', encoding="utf-8")
    return Account(tmp_path, "prod")


def test_the_name_and_the_region_are_shown_or_what_is_wrong_with_them(tmp_path: Path) -> None:
    assert doctor.TOOLS["name"] is doctor.name
    put_names(tmp_path, "stock", "eu-central-1")
    assert doctor.name(Environment(tmp_path, "prod")) == "stock-prod in eu-central-1"
    put_names(tmp_path, "amazon-stock")
    with pytest.raises(Failed, match="AWS reserves"):
        doctor.name(Environment(tmp_path, "prod"))


def test_sufficient_quotas_pass(account: Account) -> None:
    assert doctor.quotas(account) == "1000 concurrent executions, 1% of code storage used, 10000 requests a second"


def test_only_what_a_deploy_would_fail_of_is_more_than_a_shortage(account: Account) -> None:
    """A new account has ten executions until it asks for more: that must not keep its first deploy from it."""
    account.functions["AccountLimit"].update(ConcurrentExecutions=10, UnreservedConcurrentExecutions=10)
    with pytest.raises(doctor.Shortage, match="500 with Retry-After"):
        doctor.quotas(account)
    account.functions["AccountUsage"].update(TotalCodeSize=72 << 30)
    with pytest.raises(Failed, match="code storage") as full:
        doctor.quotas(account)
    assert not isinstance(full.value, doctor.Shortage)


def test_shortage_keeps_only_prod_from_a_deploy(tmp_path: Path) -> None:
    shortage, failure = doctor.Shortage("Lambda allows only 10."), Failed("The code storage is full.")
    environments = [Environment(tmp_path, name) for name in ("test", "pr-42", "prod")]
    assert [stops(environment, shortage) for environment in environments] == [False, False, True]
    assert all(stops(environment, failure) for environment in environments)


DEFICIENCIES: list[tuple[Callable[[Account], object], str, str]] = [
    (
        lambda a: a.functions["AccountLimit"].update(UnreservedConcurrentExecutions=10),
        "only 10 concurrent executions",
        "Concurrent",
    ),
    (
        lambda a: a.functions["AccountUsage"].update(TotalCodeSize=72 << 30),
        "90% of the code storage",
        "Delete versions",
    ),
    (lambda a: a.gateway["throttleSettings"].update(rateLimit=20.0), "only 20 requests", "Throttle rate"),
]


@pytest.mark.parametrize(("change", "message", "hint"), DEFICIENCIES)
def test_a_quota_that_is_too_low_is_reported(
    account: Account, change: Callable[[Account], object], message: str, hint: str
) -> None:
    change(account)
    with pytest.raises(Failed, match=message) as failure:
        doctor.quotas(account)
    assert hint in failure.value.hint


@pytest.mark.parametrize(
    ("settings", "enough"),
    [
        ("", False),
        ('alarm_emails = ["a@example.com"]', False),
        ('runbook = "https://example.com"', False),
        ('alarm_topic = "arn"\nrunbook = "https://example.com"', True),
        ('alarm_emails = ["a@example.com"]\nrunbook = "https://example.com"', True),
        ('# alarm_emails = ["a@example.com"]\nrunbook = "https://example.com"', False),
    ],
)
def test_alarms_of_prod_that_notify_nobody_or_link_to_no_page_are_reported(
    account: Account, settings: str, enough: bool
) -> None:
    (account.root / "infra" / "envs" / "prod.tfvars").write_text(settings, encoding="utf-8")
    if enough:
        assert doctor.alarm_settings(account).startswith("set: alarm_")
    else:
        with pytest.raises(Failed, match="notify nobody, or link to no page"):
            doctor.alarm_settings(account)


def test_a_missing_role_to_write_gateway_logs_is_reported(account: Account) -> None:
    with pytest.raises(Failed, match="no role to write logs with") as failure:
        doctor.gateway_logs(account)
    assert "gateway_logging_role = true in infra/envs/prod.tfvars" in failure.value.hint
    account.gateway["cloudwatchRoleArn"] = "arn:aws:iam::123456789012:role/logs"
    assert doctor.gateway_logs(account) == "with arn:aws:iam::123456789012:role/logs"


@pytest.fixture
def clock(account: Account) -> Iterator[Callable[[timedelta], Account]]:
    """Return a function that makes an account whose clock differs; it refuses the request, as AWS does an unsigned one."""
    servers = []

    def differing(skew: timedelta) -> Account:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response_only(403)
                self.send_header("Date", format_datetime(datetime.now(UTC) + skew, usegmt=True))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Print nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return Account(account.root, "prod", endpoint=f"http://127.0.0.1:{server.server_port}")

    yield differing
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_correct_clock_passes(clock: Callable[[timedelta], Account]) -> None:
    assert "differs from AWS's by" in doctor.clock(clock(timedelta(0)))


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_is_reported(clock: Callable[[timedelta], Account], hours: int) -> None:
    with pytest.raises(Failed, match=r"differs from AWS's by 3[56]\d\d s"):
        doctor.clock(clock(timedelta(hours=hours)))


def test_an_endpoint_that_is_out_of_reach_is_reported(account: Account) -> None:
    nowhere = Account(account.root, "prod", endpoint="http://127.0.0.1:9")
    with pytest.raises(Failed, match="does not respond"):
        doctor.clock(nowhere)


def test_another_region_in_the_shell_is_reported(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert "AWS_REGION (us-east-1) is ignored" in doctor.region(account)
