"""A backup of the service is restored: what was lost is back as it was stored, and nothing else is touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result

from crudctl.backup import archive, attributes, entries, owners
from crudctl.backup.attributes import Entry
from crudctl.backup.entries import DELETED, DIFFERENT, MISSING, SAME
from crudctl.backup.restoration import EXPIRED, KEEP, OVERWRITE, REFUSE, UNDELETE, Restoration
from functions.aws.attributes import marshal
from functions.entry import memory
from tests import contracts
from tests.invoke import invoke
from tests.stack import Stack, put_names

NOW = 1_800_000_000.0
Restore = Callable[..., Restoration]


def quiet(_: str) -> None:
    """Show no progress."""


@pytest.fixture(scope="module")
def dynamodb(table: dict[str, str]) -> Any:
    return boto3.client(
        "dynamodb",
        region_name=table["AWS_REGION"],
        endpoint_url=table["AWS_ENDPOINT_URL"],
        aws_access_key_id=table["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=table["AWS_SECRET_ACCESS_KEY"],
    )


def entry(number: int, owner: str = "anna", **more: Any) -> Entry:
    """An entry as a create leaves it."""
    system = {"id": f"{owner}#{number}", "owner": owner, "version": 3, "created_at": "a", "updated_at": "b"}
    marshalled: Entry = marshal(system | {"receipt": f"r{number}", "name": f"Thing {number}"} | more)
    return marshalled


def trashed(one: Entry, expires_at: int = int(NOW) + 1000) -> Entry:
    return one | marshal({"deleted_at": "c", "expires_at": expires_at, "owner": "anna#trash", "receipt": "deleted"})


@pytest.fixture
def restore(dynamodb: Any, table: dict[str, str]) -> Iterator[Restore]:
    """Put entries into the table, and return the restoration of a backup to it. They are removed after the test."""
    name, used = table["TABLE_NAME"], list[Entry]()

    def prepare(backup: list[Entry], existing: list[Entry], policy: str = REFUSE) -> Restoration:
        used.extend([*backup, *existing])
        for one in existing:
            dynamodb.put_item(TableName=name, Item=one)
        return Restoration(dynamodb, name, lambda: backup, policy, NOW)

    yield prepare
    for one in used:
        dynamodb.delete_item(TableName=name, Key={"id": one["id"]})


@pytest.fixture
def stored(dynamodb: Any, table: dict[str, str]) -> Callable[[Entry], Entry | None]:
    """Return what the table has under the key of an entry."""
    return lambda one: entries.fetch(dynamodb, table["TABLE_NAME"], [one]).get(attributes.key(one))


def test_what_is_missing_is_written_exactly_as_it_was(restore: Restore, stored: Any) -> None:
    backup = [entry(number, price={"exact": 10**37 + 1}) for number in range(230)]
    backup[7] = trashed(backup[7])
    backup[8] = marshal(memory("anna", "8", "2028-01-01T00:00:00Z", "r"))
    work = restore(backup, backup[100:150])
    assert work.look(quiet).counts == {MISSING: 180, SAME: 50}
    assert work.write(quiet) == 0
    assert work.look(quiet).counts == {SAME: 230}
    assert [stored(one) for one in (backup[0], backup[7], backup[8], backup[229])] == [
        *backup[0:1], *backup[7:9], backup[229],
    ]  # fmt: skip


def test_what_has_expired_is_not_restored(restore: Restore, stored: Any) -> None:
    expired = trashed(entry(1), int(NOW))
    work = restore([expired, entry(2)], [])
    assert work.look(quiet).counts == {EXPIRED: 1, MISSING: 1}
    work.write(quiet)
    assert stored(expired) is None


LATER: dict[str, Any] = {"version": 4, "receipt": "later", "name": "Changed"}


@pytest.mark.parametrize(
    ("policy", "written"),
    [(KEEP, set()), (UNDELETE, {"trashed", "purged"}), (OVERWRITE, {"trashed", "purged", "changed"})],
)
def test_the_policy_decides_what_is_replaced(restore: Restore, stored: Any, policy: str, written: set[str]) -> None:
    backup = {name: entry(number) for number, name in enumerate(("trashed", "purged", "changed", "same"))}
    existing = {
        "trashed": trashed(entry(0, **LATER)),
        "purged": marshal(memory("anna", "1", "2028-01-01T00:00:00Z", "r")),
        "changed": entry(2, **LATER),
        "same": entry(3),
    }
    work = restore(list(backup.values()), [*existing.values(), entry(9)], policy)
    assert work.look(quiet).counts == {DELETED: 2, DIFFERENT: 1, SAME: 1}
    assert work.write(quiet) == 0
    assert work.pending(work.look(quiet)) == 0
    for name, before in existing.items():
        now = stored(before)
        if name not in written:
            assert now == before
            continue
        # An entity tag that a client has read is not used again for other content.
        version = {"trashed": "5", "purged": "4", "changed": "5"}[name]
        assert now == backup[name] | {"version": {"N": version}}
    assert stored(entry(9)) == entry(9)


def test_what_a_user_writes_meanwhile_is_not_overwritten(
    restore: Restore, stored: Any, dynamodb: Any, table: Any
) -> None:
    """The table changes between what the restore reads and what it writes: by a create, a change, a delete and a restore."""
    backup = [entry(number) for number in range(5)]
    existing = [entry(0, **LATER), trashed(entry(1)), entry(2, **LATER), trashed(entry(3, **LATER))]
    meanwhile = [
        entry(0, **LATER | {"version": 5, "receipt": "latest"}),
        entry(1, version=4, receipt="restored"),
        trashed(entry(2, **LATER)),
        trashed(entry(3, **LATER), int(NOW) + 2000),
        entry(4, receipt="created"),
    ]
    restore(backup, existing)

    class Client:
        """DynamoDB's client, whose reads are followed by the writes of others."""

        exceptions = dynamodb.exceptions
        put_item = dynamodb.put_item

        def batch_get_item(self, **request: Any) -> Any:
            response = dynamodb.batch_get_item(**request)
            for one in meanwhile:
                dynamodb.put_item(TableName=table["TABLE_NAME"], Item=one)
            return response

    assert Restoration(Client(), table["TABLE_NAME"], lambda: backup, OVERWRITE, NOW).write(quiet) == 5
    assert [stored(one) for one in meanwhile] == meanwhile


def test_what_dynamodb_leaves_over_is_asked_for_again(restore: Restore, dynamodb: Any, table: dict[str, str]) -> None:
    """It returns at most 16 MB, and nothing while it throttles."""
    existing = [entry(number) for number in range(10)]
    restore(existing, existing)
    asked: list[int] = []

    class Client:
        """DynamoDB's client, which returns three entries of a request, and every other time none."""

        def batch_get_item(self, **parameters: Any) -> Any:
            ((name, request),) = parameters["RequestItems"].items()
            asked.append(len(request["Keys"]))
            count = 3 if len(asked) % 2 else 0
            left = {name: request | {"Keys": request["Keys"][count:]}} if request["Keys"][count:] else {}
            if not count:
                return {"Responses": {}, "UnprocessedKeys": left}
            response = dynamodb.batch_get_item(RequestItems={name: request | {"Keys": request["Keys"][:count]}})
            return response | {"UnprocessedKeys": left}

    found = entries.fetch(Client(), table["TABLE_NAME"], existing)
    assert found == {attributes.key(one): one for one in existing}
    assert asked == [10, 7, 7, 4, 4, 1, 1]


def test_an_owner_with_another_id_keeps_what_is_live_and_what_is_in_the_trash() -> None:
    ids = {"anna": "new"}
    live, trash = owners.given(entry(1), ids), owners.given(trashed(entry(1)), ids)
    assert (live["id"]["S"], live["owner"]["S"], trash["owner"]["S"]) == ("new#1", "new", "new#trash")
    assert owners.given(marshal(memory("anna", "1", "2028-01-01T00:00:00Z", "r")), ids)["id"]["S"] == "new#1"
    assert owners.given(entry(1, "annabel"), ids) == entry(1, "annabel")


def test_users_are_created_in_another_pool_with_their_addresses(emulator: dict[str, str]) -> None:
    client = boto3.client(
        "cognito-idp",
        region_name=emulator["AWS_REGION"],
        endpoint_url=emulator["AWS_ENDPOINT_URL"],
        aws_access_key_id=emulator["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=emulator["AWS_SECRET_ACCESS_KEY"],
    )
    settings = {"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]}
    old, new = (client.create_user_pool(PoolName=name, **settings)["UserPool"]["Id"] for name in ("old", "new"))
    for address in ("anna@example.com", "Bo@example.com", "cy@example.com"):
        verified = {"Name": "email_verified", "Value": "true"}
        client.admin_create_user(
            UserPoolId=old, Username=address, UserAttributes=[{"Name": "email", "Value": address}, verified]
        )
    client.admin_disable_user(UserPoolId=old, Username="cy@example.com")
    client.admin_create_user(
        UserPoolId=new, Username="bo@example.com", UserAttributes=[{"Name": "email", "Value": "bo@example.com"}]
    )
    before = owners.users(client, old)
    absent = owners.absent(before, owners.users(client, new))
    assert sorted(user["email"] for user in absent) == ["anna@example.com", "cy@example.com"]
    created = {user["email"]: owners.create(client, new, user)["sub"] for user in absent}
    now = owners.users(client, new)
    assert {
        user["email"]: (user["sub"], user["enabled"], user["status"]) for user in now if user["email"] in created
    } == {
        "anna@example.com": (created["anna@example.com"], True, "CONFIRMED"),
        "cy@example.com": (created["cy@example.com"], False, "CONFIRMED"),
    }
    mapped = owners.by_address(before, now)
    assert len(mapped) == len({*mapped, *mapped.values()}) / 2 == 3
    assert owners.absent(before, now) == []


def everything(stack: Stack, owner: str) -> list[Entry]:
    """The entries of an owner in the table, in order."""
    found = entries.scan(stack.aws("dynamodb"), stack.outputs["table_name"])
    return sorted((one for one in found if attributes.owner(one) == owner), key=attributes.key)


def restored(stack: Stack, path: Path, *arguments: str) -> Result:
    return invoke(stack.home, "restore", str(path), *arguments)


def test_everything_of_a_user_is_lost_and_restored(stack: Stack, tmp_path: Path) -> None:
    """Live, in the trash and purged, with odd content; the other user and what came later are not touched."""
    with stack.api() as api, stack.api(1) as other:
        made = [api.post("items", json={"name": "Desk \u2028 \U0001f600", "quantity": 7}).json() for _ in range(3)]
        api.delete(f"items/{made[1]['id']}")
        api.delete(f"items/{made[2]['id']}?purge=true")
        foreign = other.post("items", json={"name": "Foreign"}).json()
        printed = invoke(stack.home, "backup", "--to", str(tmp_path))
        assert printed.exit_code == 0, printed.output
        path = Path(printed.stdout.strip())
        summary = re.search(
            r"([\d,]+) entries \(([\d,]+) live, .*, [\d,]+ users; SHA-256 of the content (\w{64})",
            " ".join(printed.stderr.split()),
        )
        assert summary
        contents = archive.check(path)
        assert (f"{contents.entries:,}", contents.sha256) == (summary[1], summary[3])

        user, table = stack.outputs["demo_users"][0]["username"], stack.outputs["table_name"]
        owner = next(one["sub"] for one in contents.users if one["email"] == user)
        before = everything(stack, owner)
        for one in before:
            stack.aws("dynamodb").delete_item(TableName=table, Key={"id": one["id"]})
        later = api.post("items", json={"name": "Later"}).json()
        changed = other.put(f"items/{foreign['id']}", json={"name": "Changed"}).json()
        assert api.get(f"items/{made[0]['id']}").status_code == 404

        plan = restored(stack, path, "--user", user, "--plan")
        assert plan.exit_code == 0, plan.output
        assert re.search(rf"{len(before):,}  not in the table", plan.stderr)
        assert len(everything(stack, owner)) == 1
        result = restored(stack, path, "--user", user, "--yes")
        assert result.exit_code == 0, result.output
        assert f"Verified: {len(before):,} entries are in the table as in the backup." in result.stderr
        now = everything(stack, owner)
        assert [one for one in now if not attributes.key(one).endswith(later["id"])] == before

        response = api.get(f"items/{made[0]['id']}")
        assert (response.json(), response.headers["etag"]) == (made[0], '"1"')
        assert api.get(f"items/{made[2]['id']}").status_code == 404
        assert api.post(f"items/{made[1]['id']}/restore", headers={"If-Match": '"1"'}).json()["version"] == 2
        assert other.get(f"items/{foreign['id']}").json() == changed

        # Without --user the other user's change is in the way, and nothing is written.
        refused = restored(stack, path, "--yes")
        assert refused.exit_code == 1
        assert "Nothing was written." in refused.stderr
        for one in (*made[:2], later):
            assert api.delete(f"items/{one['id']}?purge=true").status_code == 204
        assert other.delete(f"items/{foreign['id']}?purge=true").status_code == 204


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that was never started, and in its folder a backup of its local stack."""
    put_names(tmp_path)
    contracts.put(tmp_path)
    header = archive.Header("items-local", "items", "items-local-items", "eu-west-2", "pool", "2026-11-26T10:00:00Z")
    archive.write(tmp_path / "backup", header, [], [entry(1, "nobody")])
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "stdin is not a terminal"),
        (["--yes", "--env", "test"], "a backup of items-local, made 2026-11-26T10:00:00Z, and this is items-test"),
        (["--yes", "--env", "test", "--of", "items-prod"], "pass --of items-local"),
        (["--yes", "--user", "nobody@example.com"], "0 users of the backup have the address"),
        (["--yes", "--user", "somebody"], "nothing of an owner somebody"),
        (["--yes", "--user", ""], "it is empty"),
        (["--yes", "--owner", "a"], "Invalid owner 'a'"),
        (["--yes", "--owner", "a=b#c"], "Invalid owner"),
        (["--confirm", "items-prod"], "This is items-local, not items-prod. Nothing was changed."),
        (["--yes", "--env", "prod"], "--yes is not enough. Pass --confirm items-prod."),
        (["--yes"], "no local stack"),
    ],
)
def test_a_restore_by_mistake_is_refused(project: Path, arguments: list[str], message: str) -> None:
    result = invoke(project, "restore", "backup", *arguments)
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())


def test_a_backup_of_another_resource_is_refused(project: Path) -> None:
    contents = archive.check(project / "backup")
    header = archive.Header(**vars(contents.header) | {"collection": "orders"})
    archive.write(project / "orders", header, [], [])
    result = invoke(project, "restore", "orders", "--yes")
    assert (result.exit_code, "a backup of orders; this project has items" in result.stderr) == (1, True)


def test_entries_of_users_that_the_pool_does_not_have_are_refused(stack: Stack, project: Path) -> None:
    for more in ([], ["--owner", "somebody=else"]):
        result = restored(stack, project / "backup", "--yes", "--of", "items-local", *more)
        assert (result.exit_code, "Pass --users" in result.stderr) == (1, True), result.output
    assert everything(stack, "nobody") == []
