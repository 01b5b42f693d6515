"""Which files of the web app are uploaded, and in which order."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from crudctl.web import content, upload


class Bucket:
    """A fake S3 client with one bucket, which records what is put in it."""

    def __init__(self, **stored: bytes) -> None:
        self.put: list[dict[str, Any]] = []
        self._stored = stored
        names = {"ContentType": content.content_type, "CacheControl": content.cache_control}
        self.headers = {key: {name: of(key) for name, of in names.items()} for key in stored}

    def get_paginator(self, _operation: str) -> Bucket:
        """Return itself: there is one page."""
        return self

    def paginate(self, **_request: str) -> list[dict[str, Any]]:
        """Return the page of stored objects."""
        return [
            {
                "Contents": [
                    {"Key": key, "ETag": f'"{hashlib.md5(body).hexdigest()}"'} for key, body in self._stored.items()
                ]
            }
        ]

    def head_object(self, **request: str) -> dict[str, str]:
        """Return the headers of a stored object."""
        return self.headers.get(request["Key"], {})

    def put_object(self, **request: Any) -> None:
        """Record the request."""
        self.put.append(request)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A small built app."""
    (tmp_path / "assets").mkdir()
    for name in ("about.html", "assets/z.js", "config.json", "icon.svg", "index.html"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def test_pages_are_uploaded_after_their_assets_and_config_json_is_not_uploaded(dist: Path) -> None:
    assert upload.upload(Bucket(), dist, "site") == ["assets/z.js", "icon.svg", "about.html", "index.html"]


def test_a_file_that_is_in_the_bucket_already_is_not_uploaded_again(dist: Path) -> None:
    bucket = Bucket(**{"icon.svg": b"icon.svg", "index.html": b"older", "assets/older.js": b""})
    assert upload.upload(bucket, dist, "site") == ["assets/z.js", "about.html", "index.html"]


@pytest.mark.parametrize("header", ["ContentType", "CacheControl"])
@pytest.mark.parametrize("stored", ["binary/octet-stream", None])
def test_an_unchanged_file_is_uploaded_for_another_header(dist: Path, header: str, stored: str | None) -> None:
    keys = ["assets/z.js", "icon.svg", "about.html", "index.html"]
    bucket = Bucket(**{key: key.encode() for key in keys})
    for key in ("icon.svg", "index.html"):
        bucket.headers[key][header] = stored or ""
        if stored is None:
            del bucket.headers[key][header]
    assert upload.upload(bucket, dist, "site") == ["icon.svg", "index.html"]
    assert [{**request, "Body": b""} for request in bucket.put] == [
        {
            "Bucket": "site",
            "Key": key,
            "Body": b"",
            "ContentType": content.content_type(key),
            "CacheControl": content.cache_control(key),
        }
        for key in ("icon.svg", "index.html")
    ]


def test_only_files_with_a_hash_in_their_name_are_cached_forever(dist: Path) -> None:
    bucket = Bucket()
    upload.upload(bucket, dist, "site")
    sent = {request["Key"]: (request["ContentType"], request["CacheControl"]) for request in bucket.put}
    assert sent["assets/z.js"] == ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable")
    assert sent["index.html"] == ("text/html; charset=utf-8", "no-cache")
