"""How Cognito's hosted pages look: the CSS of the app client, and the rules of a password where one is chosen. Knows no page."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from ministack.services import cognito

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

LOOK = register(
    Difference(
        name="sign-in-look",
        service="Cognito",
        aws="the hosted pages have the CSS and the picture of SetUICustomization, and list the rules of a password where one is "
        "chosen",
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/hosted-ui-classic-branding.html",
        ministack="the CSS is stored and used by no page, the picture is dropped, and rules are named only once they are broken",
        here="the CSS and the rules as AWS; in place of the picture the name of the client's resource server",
        upstream="store ImageFile, and let the pages use both, in the classes that the guide names; list the rules in "
        "`_new_password_page_html`",
    )
)
uses(
    LOOK,
    cognito,
    "_page_shell(title, heading, body_html)",
    "_pending_new_password",
    "_password_policy_errors(pool, password)",
    "_find_pool_by_client_id(client_id)",
)

BASE = """
* { box-sizing: border-box; margin: 0; }
body { display: flex; align-items: center; justify-content: center; min-height: 100vh; background: #f1f4f2; }
body { font: 16px/1.5 system-ui, sans-serif; }
.card { width: 400px; max-width: 90vw; padding-bottom: 16px; overflow: hidden; border: 1px solid; border-radius: 8px; }
.card > :not(.banner-customizable) { margin: 16px 32px; }
.banner-customizable { min-height: 16px; font-size: 20px; font-weight: 600; color: #fff; text-align: center; }
h1 { font-size: 20px; }
label { display: block; margin-top: 16px; font-size: 14px; }
input { padding: 8px 12px; font: inherit; border-radius: 6px; }
button { font-family: inherit; border: 1px solid transparent; border-radius: 6px; cursor: pointer; }
ul { padding-left: 20px; }
.footer { font-size: 12px; text-align: center; color: #56625d; }
"""
CLASSES = (  # of the guide, for what MiniStack's pages have
    ('<div class="card"', '<div role="main" class="card background-customizable"'),
    ('class="error"', 'class="error errorMessage-customizable"'),
    ("<label ", '<label class="label-customizable" '),
    ('<input type="text"', '<input class="inputField-customizable" type="text"'),
    ('<input type="password"', '<input class="inputField-customizable" type="password"'),
    ('<button type="submit"', '<button class="submitButton-customizable" type="submit"'),
    ("<a ", '<a class="redirect-customizable" '),
)


def install() -> None:
    """Let the page for the password of an invited user have the look; sign_up.py dresses the others."""
    patch(cognito, "_new_password_page_html", new_password_page, LOOK)


def new_password_page(original: Callable[..., str], np_token: str, error_message: str = "") -> str:
    """Return the page on which an invited user chooses a password."""
    page = original(np_token, error_message=error_message)
    pending = cognito._pending_new_password.get(np_token)
    return dressed(page, pending["client_id"], choosing=True) if pending else page


def dressed(page: str, client_id: str, *, choosing: bool = False) -> str:
    """Return a hosted page with the look of the client; `choosing` a password, with its rules."""
    _, pool, client = cognito._find_pool_by_client_id(client_id)
    if not pool or not client:
        return page
    name = html.escape(_name(pool, client))
    for plain, with_class in CLASSES:
        page = page.replace(plain, with_class)
    look = f"<style>{BASE}{_css(pool, client_id)}</style>"
    page = re.sub(r"<style>.*?</style>", lambda _: look, page, count=1, flags=re.DOTALL)
    page = page.replace("</title>", f" · {name}</title>" if name else "</title>", 1)
    page = page.replace("<h1>", f'<div class="banner-customizable">{name}</div>\n<h1>', 1)
    return page.replace("</form>", f"</form>\n{_rules(pool)}", 1) if choosing else page


def _css(pool: Json, client_id: str) -> str:
    customizations = pool.get("_ui_customizations") or {}
    css = str((customizations.get(client_id) or customizations.get("ALL") or {}).get("CSS") or "")
    return css.replace("<", "")  # no end of the element


def _name(pool: Json, client: Json) -> str:
    servers = pool.get("_resource_servers") or {}
    identifiers = [scope.rpartition("/")[0] for scope in client.get("AllowedOAuthScopes") or []]
    names = [servers[identifier]["Name"] for identifier in identifiers if identifier in servers]
    return names[0][:1].upper() + names[0][1:] if names else ""


def _rules(pool: Json) -> str:
    """Return the rules, as the pool states them when they are broken."""
    rules = "".join(f"<li>{html.escape(rule)}</li>" for rule in cognito._password_policy_errors(pool, ""))
    return f'<ul class="legalText-customizable">{rules}</ul>'
