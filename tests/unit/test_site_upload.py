"""What is uploaded of the web app, in which order, and what is left alone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from crudctl.web import upload


class Bucket:
    """An S3 of one bucket, which notes what was put in it."""

    def __init__(self, **held: bytes) -> None:
        self.put: list[dict[str, Any]] = []
        self._held = held

    def get_paginator(self, _operation: str) -> Bucket:
        """Itself: there is one page."""
        return self

    def paginate(self, **_request: str) -> list[dict[str, Any]]:
        """The page of what is held."""
        return [
            {
                "Contents": [
                    {"Key": key, "ETag": f'"{hashlib.md5(body).hexdigest()}"'} for key, body in self._held.items()
                ]
            }
        ]

    def put_object(self, **request: Any) -> None:
        """Notes the request."""
        self.put.append(request)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A small app that was built."""
    (tmp_path / "assets").mkdir()
    for name in ("about.html", "assets/z.js", "config.json", "icon.svg", "index.html"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def test_pages_come_after_what_they_refer_to_and_the_stacks_settings_are_left_alone(dist: Path) -> None:
    assert upload.upload(Bucket(), dist, "site") == ["assets/z.js", "icon.svg", "about.html", "index.html"]


def test_what_is_there_already_is_not_sent_again(dist: Path) -> None:
    bucket = Bucket(**{"icon.svg": b"icon.svg", "index.html": b"older", "assets/older.js": b""})
    assert upload.upload(bucket, dist, "site") == ["assets/z.js", "about.html", "index.html"]


def test_only_what_holds_a_hash_in_its_name_is_kept_for_ever(dist: Path) -> None:
    bucket = Bucket()
    upload.upload(bucket, dist, "site")
    sent = {request["Key"]: (request["ContentType"], request["CacheControl"]) for request in bucket.put}
    assert sent["assets/z.js"] == ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable")
    assert sent["index.html"] == ("text/html; charset=utf-8", "no-cache")
