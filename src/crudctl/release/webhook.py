"""Sends a notice to a webhook, within a bounded time and size. Knows nothing of releases.

The address may be a secret, as with Slack: then it is in a parameter of AWS Systems Manager, and neither in the settings nor in
Terraform's state. No error has it in its message.
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-securestring.html

Runs in Lambda too (rollback_function.py): standard library only, the boto3 client is passed in.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

PATIENCE = 5.0  # seconds for all of it: looking up the name, connecting, sending, the response
LONGEST = 3000  # characters of the text; Slack cuts at 40,000 and wants fewer than 4,000
# Plain http only to this machine, which nothing leaves.
ADDRESS = re.compile(r"https://[^\s/?#@]+[^\s]*|http://(127\.0\.0\.1|localhost):[0-9]+(/[^\s]*)?", re.ASCII)
# https://docs.slack.dev/messaging/formatting-message-text#escaping
ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class NotSent(Exception):
    """The webhook has not got the notice; the message says why."""


def address_of(setting: str, ssm: Callable[[], Any]) -> str:
    """Return a webhook's address.

    Args:
        setting: the address, or the name of the parameter that has it, which begins with a slash.
        ssm: returns boto3's client of Systems Manager.

    Raises:
        NotSent: it is no address.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: the parameter cannot be read.
    """
    address = setting
    if setting.startswith("/"):
        address = ssm().get_parameter(Name=setting, WithDecryption=True)["Parameter"]["Value"].strip()
    if not ADDRESS.fullmatch(address):
        raise NotSent("its address does not begin with https://")
    return address


def body(text: str) -> bytes:
    """Return a notice as Slack's incoming webhooks and those like them accept it.

    https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    """
    return json.dumps({"text": text[:LONGEST].translate(ESCAPED)}).encode()


def send(address: str, text: str, patience: float) -> None:
    """Post a notice. Raise NotSent unless the webhook responds with 2xx within `patience` seconds.

    A thread does it: no timeout of a socket bounds how long a name is looked up, nor how long a response drips.
    """
    request = urllib.request.Request(
        address, body(text), {"Content-Type": "application/json", "User-Agent": "crudctl"}, method="POST"
    )
    outcome: Future[None] = Future()

    def post() -> None:
        try:
            _opener(address).open(request, timeout=patience).close()
            outcome.set_result(None)
        except BaseException as error:  # noqa: BLE001 - it is raised below
            outcome.set_exception(error)

    threading.Thread(target=post, daemon=True).start()
    try:
        outcome.result(patience)
    except urllib.error.HTTPError as error:
        raise NotSent(f"it responded with {error.code}") from None
    except TimeoutError:
        raise NotSent(f"it did not respond within {patience:g} s") from None
    except urllib.error.URLError as error:
        raise NotSent(f"it cannot be reached: {error.reason}") from None
    except (http.client.HTTPException, OSError) as error:
        raise NotSent(f"it cannot be reached: {type(error).__name__}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: it would turn the POST into a GET, or lead to an address that nobody configured."""


def _opener(address: str) -> urllib.request.OpenerDirector:
    """Return what opens the address: through the proxy of this machine, if there is one and the address is not this machine."""
    here = [urllib.request.ProxyHandler({})] if address.startswith("http://") else []
    return urllib.request.build_opener(_NoRedirect, *here)
