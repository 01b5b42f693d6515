"""What `crudctl doctor` says of domains, mail and the budget. AWS's responses are checked against its own model."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from crudctl.console import Failed
from crudctl.deploy import steps
from crudctl.infra import tfvars
from crudctl.operate import day_one, doctor
from crudctl.project import Environment
from tests.stack import put_names

EUROPE, VIRGINIA = (f"arn:aws:acm:{region}:123456789012:certificate/1" for region in ("eu-west-2", "us-east-1"))
API = f'api_domain = {{ name = "api.example.com", certificate_arn = "{EUROPE}" }}\n'
WEB = f'web_domain = {{\n  name            = "example.com" # the root\n  certificate_arn = "{VIRGINIA}"\n}}\n'
SIGN_IN = f'sign_in_domain = {{ name = "auth.example.com", certificate_arn = "{VIRGINIA}" }}\n'
MAIL = 'mail = { from = "Help <help@example.com>", identity_arn = "arn:aws:ses:eu-west-1:123456789012:identity/example.com" }\n'


@dataclass(frozen=True)
class Account(Environment):
    """An environment in eu-west-2 whose account gives these responses, by service, to the calls in their order."""

    stack: ExitStack = field(default_factory=ExitStack)
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str = "") -> Any:
        """The client that was prepared for this service and region."""
        return self.clients[service, region or self.region]

    def given(self, service: str, region: str, *calls: tuple[str, Any]) -> None:
        """Prepare responses; a string is an error's code."""
        client = boto3.client(service, region_name=region, aws_access_key_id="x", aws_secret_access_key="x")
        stub = self.stack.enter_context(Stubber(client))
        for operation, response in calls:
            if isinstance(response, str):
                stub.add_client_error(operation, response)
            else:
                stub.add_response(operation, response)
        self.clients[service, region] = client


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """An account without settings yet."""
    put_names(tmp_path, "stock", "eu-west-2")
    (tmp_path / "infra" / "envs").mkdir(exist_ok=True)
    return Account(tmp_path, "test")


def put(account: Account, text: str) -> None:
    (account.root / "infra" / "envs" / "test.tfvars").write_text(text, encoding="utf-8")


def certificate(status: str = "ISSUED", name: str = "example.com", *others: str) -> tuple[str, Any]:
    found = {"Status": status, "DomainName": name, "SubjectAlternativeNames": [name, *others]}
    return "describe_certificate", {"Certificate": found}


def test_every_check_is_one_of_doctor_s() -> None:
    assert {day_one.certificates, day_one.names, day_one.mail, day_one.budget} < set(doctor.AWS.values())


def test_settings_are_read_as_terraform_reads_them(account: Account) -> None:
    put(
        account,
        WEB + 'throttling = { rate = 1.5, burst : -2 } // slow\n/* waf = true\n*/ emails = [\n "a#b", "c\\"d",\n]\n'
        "cdn = false\nnone = null\n",
    )
    assert tfvars.read(account) == {
        "web_domain": {"name": "example.com", "certificate_arn": VIRGINIA},
        "throttling": {"rate": 1.5, "burst": -2},
        "emails": ["a#b", 'c"d'],
        "cdn": False,
        "none": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["a = b", "a = <<EOT\nx\nEOT\n", 'a = "${b}"', "a = {", "a = [1", "a", "= 1", 'a = "\\q"']
)
def test_what_is_no_plain_value_is_reported_with_its_line(account: Account, text: str) -> None:
    put(account, f"\n{text}")
    with pytest.raises(Failed, match=r"infra/envs/test\.tfvars, line \d+ is not a plain value"):
        tfvars.read(account)


def test_without_settings_there_is_nothing_to_check_at_aws(account: Account) -> None:
    assert day_one.certificates(account) == "no domains of the team's"
    assert day_one.names(account) == "AWS's own"
    assert "people whom the team invites" in day_one.mail(account)


def test_certificates_that_are_issued_for_their_domains_pass(account: Account) -> None:
    put(account, API + WEB + SIGN_IN)
    account.given("acm", "eu-west-2", certificate("ISSUED", "*.example.com"))
    account.given("acm", "us-east-1", certificate(), certificate("ISSUED", "other.org", "*.example.com"))
    assert day_one.certificates(account) == "issued for api.example.com, example.com, auth.example.com"


@pytest.mark.parametrize(
    ("settings", "region", "answer", "reason"),
    [
        (
            API,
            "eu-west-2",
            certificate("PENDING_VALIDATION", "api.example.com"),
            "api.example.com is PENDING_VALIDATION",
        ),
        (API, "eu-west-2", certificate("EXPIRED", "api.example.com"), "is EXPIRED"),
        (API, "eu-west-2", certificate("ISSUED", "*.api.example.com"), "not for api.example.com"),
        (WEB, "us-east-1", certificate("ISSUED", "*.example.com"), r"is for \*.example.com, not for example.com"),
        (SIGN_IN, "us-east-1", ("describe_certificate", "ResourceNotFoundException"), "does not exist"),
        (SIGN_IN.replace("us-east-1", "eu-west-2"), "us-east-1", certificate(), "not in us-east-1"),
        (API.replace("eu-west-2", "us-east-1"), "eu-west-2", certificate(), "not in eu-west-2"),
    ],
    ids=["pending", "expired", "two-labels", "root", "missing", "sign-in-region", "api-region"],
)
def test_a_certificate_that_a_domain_cannot_use_is_reported(
    account: Account, settings: str, region: str, answer: Any, reason: str
) -> None:
    put(account, settings)
    account.given("acm", region, answer)
    with pytest.raises(Failed, match=reason):
        day_one.certificates(account)


def test_a_domain_in_use_that_dns_does_not_know_is_reported_with_the_way_to_move_to_it(account: Account) -> None:
    put(account, API + WEB)
    with pytest.raises(Failed, match=r"does not know api\.example\.com, so nobody") as failure:
        day_one.names(account, {"example.com"}.__contains__)
    assert "domains_in_use = false" in failure.value.hint
    put(account, API + WEB + "domains_in_use = false\n")
    assert "crudctl outputs --env test dns_records" in day_one.names(account, {"example.com"}.__contains__)
    assert (
        day_one.names(account, {"example.com", "api.example.com"}.__contains__)
        == "DNS knows api.example.com, example.com"
    )


def test_a_sign_in_page_below_a_domain_without_an_address_is_reported_before_cognito_refuses_it(
    account: Account,
) -> None:
    put(account, SIGN_IN + "domains_in_use = false\n")
    with pytest.raises(Failed, match=r"example\.com has no address in DNS"):
        day_one.names(account, set().__contains__)


def test_open_sign_up_by_cognito_s_own_sender_is_warned_of(account: Account) -> None:
    put(account, 'sign_up = "open"\n')
    with pytest.raises(doctor.Warned, match="50 messages a day"):
        day_one.mail(account)
    put(account, 'sign_up = "open"\nuser_pool_id = "eu-west-2_Shared"\n')
    assert day_one.mail(account) == "sent by the stack that owns eu-west-2_Shared"


def test_what_is_warned_of_is_printed_and_keeps_nobody_from_a_deploy(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "TOOLS", {})
    monkeypatch.setattr(doctor, "AWS", {"mail": day_one.mail, "certificates": day_one.certificates})
    put(account, 'sign_up = "open"\n')
    steps.ask_doctor(account, ("apply",))
    assert not steps.stops(Environment(account.root, "prod"), doctor.Warned("x"))
    assert "mail: Anybody can sign up" in capsys.readouterr().err
    put(account, 'sign_up = "open"\n' + API.replace("eu-west-2", "eu-west-1"))
    with pytest.raises(Failed, match="certificates: The certificate of api_domain is not in eu-west-2"):
        steps.ask_doctor(account, ("apply",))


@pytest.mark.parametrize(
    ("verified", "production", "reason"),
    [(True, True, ""), (False, True, "not verified example.com yet"), (True, False, "sandbox")],
    ids=["ready", "unverified", "sandbox"],
)
def test_mail_needs_a_verified_identity_outside_of_the_sandbox(
    account: Account, verified: bool, production: bool, reason: str
) -> None:
    put(account, 'sign_up = "open"\n' + MAIL)
    identity = ("get_email_identity", {"VerifiedForSendingStatus": verified})
    account.given("sesv2", "eu-west-1", identity, ("get_account", {"ProductionAccessEnabled": production}))
    if not reason:
        assert day_one.mail(account) == "Amazon SES in eu-west-1, from example.com"
        return
    with pytest.raises(Failed, match=reason):
        day_one.mail(account)


def test_an_identity_that_ses_does_not_have_is_reported(account: Account) -> None:
    put(account, MAIL)
    account.given("sesv2", "eu-west-1", ("get_email_identity", "NotFoundException"))
    with pytest.raises(Failed, match=r"no identity example\.com in eu-west-1"):
        day_one.mail(account)


@pytest.mark.parametrize(
    ("settings", "answer", "result"),
    [
        ("", {"Budgets": []}, "the account has none"),
        ("", {"Budgets": [{"BudgetName": "all", "TimeUnit": "MONTHLY", "BudgetType": "COST"}]}, "the account has all"),
        ("", "AccessDeniedException", "none is made"),
        ("monthly_budget_usd = 50\n", {"Budgets": []}, "of USD 50 a month"),
    ],
    ids=["none", "another", "no-access", "wanted"],
)
def test_the_budget_is_reported_and_keeps_nobody_from_a_deploy(
    account: Account, settings: str, answer: Any, result: str
) -> None:
    put(account, settings)
    billing(account, answer)
    assert day_one.budget(account).startswith(result)


def test_a_budget_that_billing_does_not_allow_is_reported_before_a_deploy_fails_of_it(account: Account) -> None:
    put(account, "monthly_budget_usd = 50\n")
    billing(account, "AccessDeniedException")
    with pytest.raises(Failed, match="may not use billing") as failure:
        day_one.budget(account)
    assert "Remove monthly_budget_usd" in failure.value.hint


def billing(account: Account, answer: Any) -> None:
    identity = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root", "UserId": "1"}
    account.given("sts", "eu-west-2", ("get_caller_identity", identity))
    account.given("budgets", "eu-west-2", ("describe_budgets", answer))
