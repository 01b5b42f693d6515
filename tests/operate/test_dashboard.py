"""The deployed dashboard with the stack's own metrics."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from crudctl.cost import deployed
from crudctl.operate import drawing
from tests.emulator.stack import eventually
from tests.invoke import invoke
from tests.stack import Stack


def titles(stack: Stack) -> list[str]:
    body = json.loads(stack.aws("cloudwatch").get_dashboard(DashboardName=stack.environment.prefix)["DashboardBody"])
    return [widget["properties"]["title"] for widget in body["widgets"] if "title" in widget["properties"]]


def row(text: str, title: str, label: str) -> str:
    """Return the line of a label under a title."""
    under = text.partition(f"\n{title}\n")[2].partition("\n\n")[0]
    return next((line for line in under.splitlines() if line.strip().startswith(label)), "")


def test_the_text_has_every_panel_with_the_latest_requests(stack: Stack) -> None:
    with stack.api() as api:
        made = api.post("items", json={"name": "x"}, headers={"Idempotency-Key": "dashboard-1"}).json()
        api.post("items", json={"name": "x"}, headers={"Idempotency-Key": "dashboard-1"})
        where = f"items/{made['id']}"
        assert api.put(where, json={"name": "y"}, headers={"If-Match": '"7"'}).status_code == 412
        assert api.get(where).status_code == 200
        assert api.delete(where).status_code == 204
    version = stack.functions()[stack.outputs["functions"]["get_item"]]["prod"][0]

    def printed() -> str:
        text = invoke(stack.home, "dashboard", "--text", "--since", "10m").stdout
        return text if row(text, "Which version? Requests by function and version", f"get_item {version}") else ""

    text = eventually(printed)
    assert all(f"\n{title}\n" in text for title in titles(stack))
    assert re.search("[1-9][0-9,]*, max", row(text, "Are users fine? Requests and errors", "requests"))
    assert "max" in row(text, "What is slow? In the function, p99, ms", "delete_item")
    assert "max" in row(text, "DynamoDB's own latency, mean, ms", "PutItem")
    assert "max" in row(text, "Throttles, errors of DynamoDB and conflicts", "conflicts")
    assert "not in ALARM" in text


def test_a_dashboard_is_within_the_fifty_metrics_of_a_free_one() -> None:
    assert [shown for name in ("test", "prod") for shown in deployed.environment(name).dashboards] == [50, 50]


def test_the_page_is_one_file_whose_address_is_printed(stack: Stack) -> None:
    address = urlsplit(invoke(stack.home, "dashboard").stdout.strip())
    assert address.scheme == "file"
    text = html.unescape(Path(address.path).read_text(encoding="utf-8"))
    assert re.findall('<span class="r2">(.*?)</span>', text) == titles(stack)
    assert drawing.BARS[-1] in text


def test_saved_queries_name_existing_log_groups(stack: Stack) -> None:
    logs = stack.aws("logs")
    saved = logs.describe_query_definitions(queryDefinitionNamePrefix=f"{stack.environment.prefix}/")[
        "queryDefinitions"
    ]
    groups = {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
    assert len(saved) == 9
    assert {name for query in saved for name in query["logGroupNames"]} <= groups
