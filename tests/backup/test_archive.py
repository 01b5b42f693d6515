"""The file of a backup: it holds what DynamoDB has, exactly, and a damaged one is not read."""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crudctl.backup import archive, attributes
from crudctl.backup.archive import Header
from crudctl.backup.attributes import LIVE, MEMORY, TRASHED, Entry
from crudctl.console import Failed

HEADER = Header("orders-prod", "orders", "orders-prod-orders", "eu-west-2", "pool", "2026-11-26T10:00:00+00:00")
USERS = [{"sub": "anna", "email": "anna@example.com", "attributes": {}, "enabled": True, "status": "CONFIRMED"}]
LIVING: Entry = {"id": {"S": "anna#1"}, "version": {"N": "3"}, "owner": {"S": "anna"}}
TRASH = LIVING | {"id": {"S": "anna#2"}, "deleted_at": {"S": "2026"}, "expires_at": {"N": "1795000000"}}
MEMORIES: Entry = {"id": {"S": "anna#3"}, "deleted_at": {"S": "2026"}, "expires_at": {"N": "1795000000"}}
EVERY_TYPE: Entry = {
    "id": {"S": "anna#4"},
    "text": {"S": 'é\u0000\u2028\U0001f600"\\'},
    "number": {"N": "-1.2345678901234567890123456789012345678E-130"},
    "large": {"N": "9999999999999999999999999999999999999900"},
    "none": {"NULL": True},
    "no": {"BOOL": False},
    "bytes": {"B": b"\x00\xff\n"},
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["2", "10"]},
    "binaries": {"BS": [b"\xff", b"\x00"]},
    "list": {"L": [{"M": {"deep": {"L": [{"B": b"\x01"}, {"N": "1"}]}}}, {"S": ""}]},
}
ENTRIES = [LIVING, TRASH, MEMORIES, EVERY_TYPE]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a backup."""
    archive.write(tmp_path / "backup.jsonl.gz", HEADER, USERS, iter(ENTRIES))
    return tmp_path / "backup.jsonl.gz"


def test_what_was_written_is_read(path: Path) -> None:
    contents = archive.check(path)
    assert (contents.header, contents.users, contents.entries) == (HEADER, USERS, 4)
    read = list(archive.entries(path))
    assert read[:3] == ENTRIES[:3]
    assert all(attributes.same(one, other) for one, other in zip(read, ENTRIES, strict=True))
    assert read[3]["binaries"] == {"BS": [b"\x00", b"\xff"]}
    assert {name: read[3][name] for name in ("number", "large", "bytes", "list", "text")} == {
        name: EVERY_TYPE[name] for name in ("number", "large", "bytes", "list", "text")
    }


def test_only_its_owner_can_read_a_backup_and_no_other_file_is_left(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_backup_is_not_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(Failed, match=r"backup\.jsonl\.gz exists"):
        archive.write(path, HEADER, [], [])
    assert path.read_bytes() == before


def test_a_folder_in_which_no_file_can_be_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"/x/backup cannot be written: ") as failure:
        archive.write(tmp_path / "x" / "backup", HEADER, [], [])
    assert failure.value.hint == "Choose another folder with --to."


def test_a_backup_that_fails_halfway_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[Entry]:
        yield LIVING
        raise ConnectionError

    with pytest.raises(ConnectionError):
        archive.write(tmp_path / "backup", HEADER, [], failing())
    assert list(tmp_path.iterdir()) == []


def rewritten(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(gzip.compress(b"".join(lines)))
    return path


def test_a_change_in_any_line_is_found(path: Path) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    assert len(lines) == 7
    for number, line in enumerate(lines):
        changed = [*lines[:number], line.replace(b"a", b"b", 1), *lines[number + 1 :]]
        with pytest.raises(Failed, match=r"damaged|no backup"):
            archive.check(rewritten(path, changed))


def test_a_missing_a_repeated_and_an_exchanged_line_are_found(path: Path) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    for number in range(len(lines)):
        with pytest.raises(Failed):
            archive.check(rewritten(path, lines[:number] + lines[number + 1 :]))
        with pytest.raises(Failed):
            archive.check(rewritten(path, [*lines[: number + 1], *lines[number:]]))
        with pytest.raises(Failed):
            archive.check(
                rewritten(path, [*lines[:number], *lines[number:][::-1]]) if number < 6 else path.parent / "no"
            )


def test_a_file_that_was_cut_anywhere_is_found(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(Failed):
            archive.check(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}\n", gzip.compress(b""), gzip.compress(b"[]\n"), gzip.compress(b"\xff\n")],
    ids=["empty", "plain", "nothing compressed", "an array", "no UTF-8"],
)
def test_another_file_is_no_backup(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(Failed):
        archive.check(tmp_path / "file")


def test_a_folder_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="is damaged, or no backup"):
        archive.check(tmp_path)


def test_a_backup_in_another_format_names_it(path: Path) -> None:
    line: dict[str, Any] = {"backup": 2}
    with pytest.raises(Failed, match="a backup in format 2; this version reads format 1"):
        archive.check(rewritten(path, [json.dumps(line).encode()]))


def test_state_of_an_entry_follows_from_its_attributes() -> None:
    assert [attributes.state(entry) for entry in ENTRIES[:3]] == [LIVE, TRASHED, MEMORY]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"N": "1E+2"}, {"N": "100"}, True),
        ({"N": "1.50"}, {"N": "1.5"}, True),
        ({"N": "12345678901234567890123456789012345678"}, {"N": "12345678901234567890123456789012345679"}, False),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}, True),
        ({"NS": ["1", "2"]}, {"NS": ["2.0", "1"]}, True),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}, False),
        ({"S": "1"}, {"N": "1"}, False),
        ({"NULL": True}, {"BOOL": True}, False),
    ],
)
def test_values_are_compared_as_dynamodb_compares_them(one: dict[str, Any], other: dict[str, Any], equal: bool) -> None:
    assert attributes.same(LIVING | {"value": one}, LIVING | {"value": other}) is equal
