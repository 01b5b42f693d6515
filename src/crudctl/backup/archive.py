"""The file of a backup: compressed JSON lines that end with a checksum. Knows neither AWS nor commands.

    {"backup": 1, "of": "orders-prod", "table": …}      what it is a backup of, see Header
    {"User": {"sub": …, "email": …}}                    each user
    {"Item": {"id": {"S": …}, …}}                       each entry of the table, as DynamoDB exports it to S3
    {"entries": 3, "users": 1, "sha256": …}             the SHA-256 of all lines before this one

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crudctl.backup import attributes
from crudctl.backup.attributes import Entry
from crudctl.console import Failed

FORMAT = 1
COPY = "Take another copy of the backup. Nothing was changed."


@dataclass(frozen=True)
class Header:
    """What a backup is of.

    Attributes:
        of: the prefix of the environment's names, such as `orders-prod`.
        collection: the resource, in the plural.
        table, region: the table that was read.
        user_pool_id: the pool whose users the owners of the entries are.
        begun: RFC 3339, UTC. An entry is as it was at some moment between this one and the end of the backup.
    """

    of: str
    collection: str
    table: str
    region: str
    user_pool_id: str
    begun: str


@dataclass(frozen=True)
class Contents:
    """What is in the file of a backup besides its entries, and how many of these there are."""

    header: Header
    users: list[dict[str, Any]]
    entries: int
    sha256: str


def write(path: Path, header: Header, users: Iterable[dict[str, Any]], entries: Iterable[Entry]) -> Contents:
    """Write the file of a backup, which only its owner can read and which appears when it is complete.

    Raise Failed if the file exists, or cannot be made.
    """
    if path.exists():
        raise Failed(f"{path} exists.", "Choose another file with --to: no backup is overwritten.")
    digest, kept, count = hashlib.sha256(), list(users), 0
    incomplete = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(incomplete, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}.", "Choose another folder with --to.") from error
    try:
        with (
            open(descriptor, "wb") as raw,
            gzip.open(raw, "wb", compresslevel=6) as file,
        ):

            def put(value: Any) -> None:
                line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                file.write(line)

            put({"backup": FORMAT, **asdict(header)})
            for user in kept:
                put({"User": user})
            for entry in entries:
                count += 1
                put({"Item": attributes.to_json(entry)})
            sha256 = digest.hexdigest()
            put({"entries": count, "users": len(kept), "sha256": sha256})
        with incomplete.open("rb") as written:
            os.fsync(written.fileno())
        incomplete.rename(path)
    finally:
        incomplete.unlink(missing_ok=True)
    return Contents(header, kept, count, sha256)


def check(path: Path) -> Contents:
    """Read a whole file and return what it has. Raise Failed if it is damaged or no backup."""
    digest, users, count = hashlib.sha256(), [], 0
    header: Header | None = None
    contents: Contents | None = None
    for line in _lines(path):
        value = _parsed(path, line)
        if contents:
            raise Failed(f"{path} is damaged: it goes on after its checksum.", COPY)
        if header is None:
            header = _header(path, value)
        elif "Item" in value:
            count += 1
        elif "User" in value:
            users.append(value["User"])
        else:
            if value != {"entries": count, "users": len(users), "sha256": digest.hexdigest()}:
                raise Failed(f"{path} is damaged: its checksum is not that of its content.", COPY)
            contents = Contents(header, users, count, value["sha256"])
        digest.update(line)
    if contents is None:
        raise Failed(f"{path} is incomplete: its checksum is missing.", COPY)
    return contents


def entries(path: Path) -> Iterator[Entry]:
    """Yield the entries of a file that `check` has read."""
    for line in _lines(path):
        value = json.loads(line)
        if "Item" in value:
            yield attributes.from_json(value["Item"])


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            yield from file
    except FileNotFoundError as error:
        raise Failed(f"{path} does not exist.", "Name the file that `crudctl backup` printed.") from error
    except (EOFError, IsADirectoryError, zlib.error, gzip.BadGzipFile) as error:
        raise Failed(f"{path} is damaged, or no backup: {error}", COPY) from error


def _parsed(path: Path, line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise Failed(f"{path} is damaged: {error}", COPY) from error
    if not isinstance(value, dict):
        raise Failed(f"{path} is damaged: a line is no JSON object.", COPY)
    return value


def _header(path: Path, value: dict[str, Any]) -> Header:
    known = value.pop("backup", None)
    if known != FORMAT:
        what = f"a backup in format {known}" if known else "no backup"
        raise Failed(f"{path} is {what}; this version reads format {FORMAT}.", "Use the version that wrote it.")
    try:
        return Header(**value)
    except TypeError as error:
        raise Failed(f"{path} is damaged: {error}", COPY) from error
