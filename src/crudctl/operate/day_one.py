"""Checks of what a team sets on day one and AWS has to have: certificates, names in DNS, the sender of mail, a budget.

Each returns its result in words, or raises Failed for what a deploy would fail of, Shortage for what works until it is needed.
Changes nothing.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from crudctl.console import Failed
from crudctl.infra import tfvars
from crudctl.project import Environment

CDN_REGION = "us-east-1"  # the only one whose certificates CloudFront and Cognito accept
DENIED = ("AccessDenied", "AccessDeniedException")
DOMAINS = ("api_domain", "web_domain", "sign_in_domain")

Resolve = Callable[[str], bool]


class Shortage(Failed):
    """The service can be deployed and works, but not all that its settings allow."""


class Warned(Shortage):
    """A choice of the team's with a consequence: it keeps no environment from a deploy."""


def resolves(name: str) -> bool:
    """Return whether DNS knows an address of a name, as this machine sees it."""
    try:
        socket.getaddrinfo(name, 443)
    except socket.gaierror:
        return False
    return True


def certificates(environment: Environment) -> str:
    """Check that the certificate of each domain is issued, and for that name."""
    settings, fine = tfvars.read(environment), []
    for variable in DOMAINS:
        domain = settings.get(variable)
        if domain:
            _certificate(environment, variable, domain)
            fine.append(domain["name"])
    return f"issued for {', '.join(fine)}" if fine else "no domains of the team's"


def names(environment: Environment, known: Resolve = resolves) -> str:
    """Check that DNS knows the domains in use, and the parent of the sign-in page's, without which Cognito refuses it.

    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-add-custom-domain.html
    """
    settings = tfvars.read(environment)
    domains = [settings[variable]["name"] for variable in DOMAINS if settings.get(variable)]
    if sign_in := settings.get("sign_in_domain"):
        parent = sign_in["name"].partition(".")[2]
        if not known(parent):
            raise Failed(
                f"{parent} has no address in DNS, and Cognito makes no {sign_in['name']} without one.",
                f"Add an A record for {parent}, to any address, or leave sign_in_domain out.",
            )
    unknown = [name for name in domains if not known(name)]
    add = f"Add the records of `crudctl outputs --env {environment.name} dns_records`"
    if unknown and settings.get("domains_in_use", True):
        raise Failed(
            f"DNS does not know {', '.join(unknown)}, so nobody could use the service.",
            f"Deploy with domains_in_use = false. {add}, then remove the line and deploy again.",
        )
    if unknown:
        return f"{', '.join(unknown)} not known to DNS yet. {add}"
    return f"DNS knows {', '.join(domains)}" if domains else "AWS's own"


def mail(environment: Environment) -> str:
    """Check who sends the mail of the user pool, and that it can."""
    settings = tfvars.read(environment)
    sender, is_open = settings.get("mail"), settings.get("sign_up", "invite") == "open"
    if settings.get("user_pool_id"):
        return f"sent by the stack that owns {settings['user_pool_id']}"
    if not sender:
        if is_open:
            raise Warned(
                "Anybody can sign up, and Cognito's own sender takes about 50 messages a day: whoever uses them up stops "
                "everybody's password resets.",
                'Set mail to an identity of Amazon SES, or sign_up = "invite".',
            )
        return "Cognito's own sender, about 50 messages a day, to people whom the team invites"
    region, _, identity = sender["identity_arn"].split(":", 5)[3:]
    return _sender(environment, region, identity.partition("/")[2])


def budget(environment: Environment) -> str:
    """Check that the account has a budget, or that one can be made."""
    wanted = tfvars.read(environment).get("monthly_budget_usd")
    account = environment.client("sts").get_caller_identity()["Account"]
    try:
        found = environment.client("budgets").describe_budgets(AccountId=account).get("Budgets", [])
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        if wanted is None:
            return "none is made; who deploys may not see whether the account has one"
        raise Failed(
            "Who deploys may not use billing, so the budget cannot be made.",
            'Remove monthly_budget_usd, or let the account\'s root activate "IAM user and role access to Billing information" '
            "and run `crudctl bootstrap`.",
        ) from error
    if wanted is not None:
        return f"of USD {wanted:g} a month"
    if found:
        return f"the account has {', '.join(each['BudgetName'] for each in found)}"
    return "the account has none: nobody is told of a bill before it comes. Set monthly_budget_usd in one environment"


def _certificate(environment: Environment, variable: str, domain: dict[str, Any]) -> None:
    arn = domain["certificate_arn"]
    region = environment.region if variable == "api_domain" else CDN_REGION
    if arn.split(":")[3:4] != [region]:
        raise Failed(f"The certificate of {variable} is not in {region}.", f"Request one for {domain['name']} there.")
    acm = environment.client("acm", region)
    try:
        certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    except acm.exceptions.ResourceNotFoundException as error:
        raise Failed(f"{variable} names a certificate that does not exist: {arn}.", "Check its ARN.") from error
    if certificate["Status"] != "ISSUED":
        raise Failed(
            f"The certificate of {domain['name']} is {certificate['Status']}.",
            "Add the DNS record that ACM shows, and wait until it is ISSUED."
            if certificate["Status"] == "PENDING_VALIDATION"
            else "Request another one.",
        )
    covered = [certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])]
    if not any(_covers(each, domain["name"]) for each in covered):
        raise Failed(
            f"The certificate of {variable} is for {', '.join(dict.fromkeys(covered))}, not for {domain['name']}.",
            "Use one that has this name.",
        )


def _covers(pattern: str, name: str) -> bool:
    """Whether a certificate's name is that of a domain; a star stands for one label (RFC 6125, section 6.4.3)."""
    return re.fullmatch(re.escape(pattern.lower()).replace(r"\*", "[^.]+"), name.lower()) is not None


def _sender(environment: Environment, region: str, identity: str) -> str:
    ses = environment.client("sesv2", region)
    try:
        found = ses.get_email_identity(EmailIdentity=identity)
    except ses.exceptions.NotFoundException as error:
        raise Failed(
            f"Amazon SES has no identity {identity} in {region}.", "Create and verify it, or leave mail out."
        ) from error
    if not found["VerifiedForSendingStatus"]:
        raise Failed(f"Amazon SES has not verified {identity} yet.", "Add the DNS records that it shows, and wait.")
    if not ses.get_account()["ProductionAccessEnabled"]:
        raise Shortage(
            f"Amazon SES in {region} is in its sandbox, and sends to verified addresses only.",
            "Request production access in the console of Amazon SES.",
        )
    return f"Amazon SES in {region}, from {identity}"
