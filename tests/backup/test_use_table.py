"""Only a table that can take the place of the service's does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.invoke import invoke
from tests.stack import Stack


@pytest.fixture(scope="module")
def unfit(stack: Stack) -> Iterator[dict[str, str]]:
    """Tables that are not fit to be the service's, by what is wrong with them."""
    client, prefix = stack.aws("dynamodb"), f"{stack.environment.prefix}-"
    tables = {"index": f"{prefix}no-index", "key": f"{prefix}other-key", "name": "elsewhere-restored"}
    for what, name in tables.items():
        key = "owner" if what == "key" else "id"
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        )
    yield tables | {"absent": f"{prefix}absent"}
    for name in tables.values():
        client.delete_table(TableName=name)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("absent", "There is no table PREFIX-absent."),
        ("key", "its key is not `id`"),
        ("index", "PREFIX-no-index does not have the index by_owner."),
        ("name", "elsewhere-restored does not begin with PREFIX-."),
    ],
)
def test_a_table_that_could_not_be_used_is_refused(
    stack: Stack, unfit: dict[str, str], what: str, message: str
) -> None:
    before, message = stack.state.read_bytes(), message.replace("PREFIX", stack.environment.prefix)
    result = invoke(stack.home, "use-table", unfit[what], "--yes")
    assert (result.exit_code, message in result.stderr) == (1, True), result.output
    assert stack.state.read_bytes() == before
