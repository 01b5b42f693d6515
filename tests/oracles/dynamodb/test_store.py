"""The store: each of its expressions, conditions and pages, as three implementations of DynamoDB understand them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from functions import errors, resource
from functions.aws import dynamodb
from functions.precondition import Precondition
from functions.resource import REMOVED, Resource
from functions.store import Resources, Store
from tests.unit.test_store import KEYED, NOW, request_of

ANY = Precondition(None, None, reads=False)
LATER = "2030-02-09T00:00:00.000000Z"  # when the trash has forgotten what was deleted at NOW
NUMBERS = itertools.count(1)
VALUES: dict[str, Any] = {
    "description": "ä€😀\x00 '\"\\",
    "quantity": 12345678901234567890123456789012345678,
    "tags": ["", "x", None, [], {}, True],
    "attributes": {"a.b c": "", "#x": Decimal("-0.1"), ":y": Decimal("1E-130"), "in": {"deep": [{"er": False}]}},
}
Of = Callable[..., Resources]


@pytest.fixture
def of(store: Store) -> Of:
    """The resources of an owner of this test's own, for a request with the attributes that are given."""
    owner = f"owner {next(NUMBERS)}"
    return lambda **attributes: store.of(request_of(**{"owner": owner, "remaining": lambda: 5.0} | attributes))


def new(resource_id: str = "1", created_at: str = NOW, **content: Any) -> Resource:
    stored = {"name": "x", **content}
    return Resource(resource_id, 1, created_at, created_at, stored, resource.fingerprint(stored))


def shown(one: Resource) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Resource.__slots__}


def version(*numbers: int, match: bool = True) -> Precondition:
    """The precondition that the version is one of these, or none of them."""
    tags = ",".join(f'"{number}"' for number in numbers)
    return Precondition(tags if match else None, None if match else tags, reads=False)


def test_every_value_of_a_created_resource_is_read_as_it_was_stored(of: Of) -> None:
    created = of().create(new(**VALUES))
    assert shown(of().get("1")) == shown(created)
    assert of().get("1").content == {"name": "x", **VALUES}


def test_an_id_is_created_once_and_its_first_content_returned(of: Of) -> None:
    keyed = {**KEYED, "operation": "create_item", "parameters": {}, "id": "first"}
    assert of(**keyed).create(new()).replayed is False
    assert of(**keyed | {"id": "second"}).create(new(name="y")).replayed is True
    assert of(id="third").create(new(name="z")).content == {"name": "x"}


def test_an_update_sets_and_removes_fields_and_raises_the_version(of: Of) -> None:
    of().create(new(**VALUES))
    changed = of(id="second", now=LATER).update("1", {"name": "y", "tags": [], "attributes": REMOVED}, ANY)
    assert (changed.version, changed.created_at, changed.updated_at) == (2, NOW, LATER)
    expected = {"name": "y", "tags": [], "description": VALUES["description"], "quantity": VALUES["quantity"]}
    assert changed.content == of().get("1").content == expected


def test_an_update_that_names_500_fields_is_applied(of: Of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "ATTEMPTS", 1)
    of().create(new())
    fields = {f"a field with a long name, {n}": REMOVED if n % 2 else n for n in range(500)}
    assert of(id="second").update("1", fields | {"name": "y"}, ANY).content == {"name": "y"}


REFUSED = (
    version(7),
    version(*range(2, 102)),
    version(1, match=False),
    version(*range(1, 101), match=False),
    Precondition('"x"', None, reads=False),
)
ALLOWED = (version(1, 2), version(2, 3, match=False), ANY)
WRITES: dict[str, Callable[[Resources, Precondition], object]] = {
    "update": lambda resources, precondition: resources.update("1", {"name": "y"}, precondition),
    "delete": lambda resources, precondition: resources.delete("1", precondition),
    "purge": lambda resources, precondition: resources.delete("1", precondition, purge=True),
    "restore": lambda resources, precondition: resources.restore("1", precondition),
}


@pytest.mark.parametrize("allowed", ALLOWED, ids=["this or another", "not another", "any"])
@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_made_if_the_version_allows_it(of: Of, write: str, allowed: Precondition) -> None:
    of(id="first").create(new())
    if write == "restore":
        of(id="second").delete("1", ANY)
    for precondition in REFUSED:
        with pytest.raises(errors.VersionConflict) as refused:
            WRITES[write](of(id="third"), precondition)
        assert refused.value.current_version == 1
    WRITES[write](of(id="third"), allowed)


def test_a_write_to_what_does_not_exist_finds_nothing(of: Of) -> None:
    for write in (
        lambda: of().update("1", {"name": "x"}, ANY),
        lambda: of().restore("1", ANY),
        lambda: of().delete("1", ANY),
        lambda: of().delete("1", ANY, purge=True),
        lambda: of().get("1"),
    ):
        with pytest.raises(errors.NotFound):
            write()


def test_a_write_sent_again_is_recognised_by_its_receipt(of: Of) -> None:
    of(id="first").create(new())
    changed = of(id="second").update("1", {"name": "y"}, version(1))
    assert shown(of(id="second").update("1", {"name": "y"}, version(1))) == shown(changed)
    assert of(**KEYED).update("1", {"name": "z"}, ANY).replayed is False
    assert of(**KEYED | {"id": "another"}).update("1", {"name": "z"}, ANY).replayed is True
    with pytest.raises(errors.IdempotencyKeyReused):
        of(**KEYED | {"body": {}}).update("1", {"name": "w"}, ANY)
    assert (of().get("1").version, of().get("1").content) == (3, {"name": "z"})


def test_a_resource_goes_to_the_trash_and_back_and_leaves_a_memory(of: Of) -> None:
    of(id="a").create(new())
    assert of(id="b").delete("1", version(1)) is False
    with pytest.raises(errors.NotFound):
        of().get("1")
    with pytest.raises(errors.Deleted):
        of(id="c").create(new())
    assert of(id="d").restore("1", version(1)).version == 2
    of(id="e").delete("1", ANY)
    of(id="f").delete("1", ANY, purge=True)
    with pytest.raises(errors.NotFound):
        of(id="g").restore("1", ANY)
    with pytest.raises(errors.Deleted):
        of(id="h").create(new())


def test_what_has_expired_in_the_trash_is_neither_listed_nor_restored(of: Of) -> None:
    of(id="a").create(new())
    of(id="b").delete("1", ANY)
    assert [one.id for one in of().page(5, False, None, deleted=True)[0]] == ["1"]
    assert of(now=LATER).page(5, False, None, deleted=True)[0] == []
    for write in (lambda: of(now=LATER).restore("1", ANY), lambda: of(now=LATER).delete("1", ANY, purge=True)):
        with pytest.raises(errors.NotFound):
            write()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("deleted", [False, True])
def test_pages_show_every_resource_once_in_order_also_those_of_the_same_moment(
    of: Of, descending: bool, deleted: bool
) -> None:
    times = [f"2030-01-0{day}" for day in (3, 1, 2, 2, 2, 2, 1)]
    for number, created_at in enumerate(times):
        of(id=f"create {number}").create(new(f"{number}", created_at))
        if deleted:
            of(id=f"delete {number}").delete(f"{number}", ANY)
    of(id="other").create(new("other"))
    if not deleted:
        of(id="delete").delete("other", ANY)
    for limit in (1, 2, 3, 7, 100):
        seen, after = [], None
        while True:
            page, after = of().page(limit, descending, after, deleted)
            assert len(page) <= limit
            seen += page
            if not after:
                break
        assert sorted(one.id for one in seen) == [str(number) for number in range(7)]
        assert [one.created_at for one in seen] == sorted(times, reverse=descending)


def test_a_page_of_large_resources_continues_where_it_stopped(of: Of) -> None:
    for number in range(4):
        of(id=f"{number}").create(new(f"{number}", f"2030-01-0{number + 1}", description="x" * 390_000))
    seen, after, pages = [], None, 0
    while pages == 0 or after:
        page, after = of().page(100, False, after)
        seen += [one.id for one in page]
        pages += 1
    assert (seen, pages) == (["0", "1", "2", "3"], 2)


def test_a_resource_that_would_outgrow_the_table_is_refused_and_stays(of: Of) -> None:
    with pytest.raises(errors.PayloadTooLarge):
        of(id="a").create(new(description="x" * 410_000))
    of(id="b").create(new(description="x" * 300_000))
    with pytest.raises(errors.PayloadTooLarge):
        of(id="c").update("1", {"attributes": {"y": "y" * 120_000}}, ANY)
    assert of().get("1").version == 1


def test_one_of_eight_writers_of_a_version_succeeds(of: Of, store_environ: dict[str, str]) -> None:
    of(id="a").create(new())
    owner = of()._request.owner

    def write(number: int) -> int:
        resources = Store.from_environment(store_environ).of(
            request_of(owner=owner, id=f"{number}", remaining=lambda: 5.0)
        )
        try:
            return resources.update("1", {"quantity": number}, version(1)).version
        except errors.VersionConflict:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(write, range(8))) == [0] * 7 + [2]
    assert of().get("1").version == 2


def test_another_owner_reaches_nothing(of: Of, store: Store) -> None:
    of(id="a").create(new())
    other = store.of(request_of(owner=f"{of()._request.owner}2", remaining=lambda: 5.0))
    assert other.page(10, False, None)[0] == []
    with pytest.raises(errors.NotFound):
        other.get("1")
