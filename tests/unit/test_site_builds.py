"""Builds of the web app: what is uploaded, kept and served again, from a bucket and from a folder."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crudctl.web import builds, content

Kind = Callable[[Path], builds.Builds]


class NoSuchKey(Exception):
    """A key is not in the bucket."""


class S3:
    """A fake S3 client with one bucket. `put` lists the keys of what was put or copied into it."""

    class exceptions:  # noqa: N801 - as boto3 names it
        """Its errors."""

        NoSuchKey = NoSuchKey

    def __init__(self, dies_after: int = 1000) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.put: list[str] = []
        self._left = dies_after

    def get_paginator(self, _operation: str) -> S3:
        """Return itself: there is one page."""
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        """Return the page of stored objects."""
        keys = [key for key in self.objects if key.startswith(request.get("Prefix", ""))]
        etags = {key: hashlib.md5(self.objects[key]["Body"]).hexdigest() for key in keys}
        return [{"Contents": [{"Key": key, "ETag": f'"{etags[key]}"'} for key in keys]}]

    def head_object(self, **request: str) -> dict[str, Any]:
        """Return an object with its headers."""
        return self.objects[request["Key"]]

    def get_object(self, **request: str) -> dict[str, Any]:
        """Return an object with its headers, and a body that is read."""
        if request["Key"] not in self.objects:
            raise NoSuchKey
        return {**self.objects[request["Key"]], "Body": io.BytesIO(self.objects[request["Key"]]["Body"])}

    def put_object(self, **request: Any) -> None:
        """Store an object."""
        self._write(request["Key"], {key: value for key, value in request.items() if key not in ("Bucket", "Key")})

    def copy_object(self, **request: Any) -> None:
        """Copy an object with its headers."""
        self._write(request["Key"], dict(self.objects[request["CopySource"]["Key"]]))

    def delete_object(self, **request: str) -> None:
        """Remove an object."""
        del self.objects[request["Key"]]

    def _write(self, key: str, what: dict[str, Any]) -> None:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1
        self.put.append(key)
        self.objects[key] = what

    def served(self) -> dict[str, str]:
        """Return what users get, by key."""
        return {key: what["Body"].decode() for key, what in self.objects.items() if not key.startswith(builds.KEPT)}


def built(folder: Path, page: str) -> Path:
    """Return the folder of a small built app, whose assets are named by its page."""
    (folder / "assets").mkdir(parents=True)
    for name in ("about.html", f"assets/{page}.js", "config.json", "icon.svg"):
        (folder / name).write_text(name, encoding="utf-8")
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A small built app."""
    return built(tmp_path / "dist", "first")


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The next one."""
    return built(tmp_path / "newer", "second")


def test_a_build_is_named_by_its_files(dist: Path, newer: Path, tmp_path: Path) -> None:
    (dist / "config.json").write_text("of another stack", encoding="utf-8")
    assert builds.name_of(dist) == builds.name_of(built(tmp_path / "again", "first")) != builds.name_of(newer)


def test_a_build_is_served_pages_last_and_without_config_json(dist: Path) -> None:
    s3 = S3()
    bucket = builds.Bucket(s3, "site")
    build = bucket.put(dist)
    assert s3.served() == {"assets/first.js": "assets/first.js"}
    s3.put.clear()
    bucket.serve(build)
    assert s3.put == ["icon.svg", "about.html", "index.html", "builds/in-service"]
    assert bucket.in_service() == build


def test_an_earlier_build_is_served_again_and_its_assets_are_still_there(dist: Path, newer: Path) -> None:
    s3 = S3()
    bucket = builds.Bucket(s3, "site")
    for folder in (dist, newer):
        bucket.serve(bucket.put(folder))
    bucket.serve(builds.name_of(dist))
    assert s3.served()["index.html"] == "first"
    assert {"assets/first.js", "assets/second.js"} <= s3.served().keys()
    assert bucket.in_service() == builds.name_of(dist)


@pytest.mark.parametrize("writes", range(8))
def test_a_build_that_was_kept_by_half_is_none_and_is_completed(dist: Path, writes: int) -> None:
    s3 = S3(dies_after=writes)
    with pytest.raises(KeyboardInterrupt):
        builds.Bucket(s3, "site").serve(builds.Bucket(s3, "site").put(dist))
    whole = S3()
    whole.objects = dict(s3.objects)
    bucket = builds.Bucket(whole, "site")
    if f"builds/{builds.name_of(dist)}.json" not in whole.objects:
        with pytest.raises(builds.Missing):
            bucket.serve(builds.name_of(dist))
    bucket.serve(bucket.put(dist))
    assert (whole.served()["index.html"], bucket.in_service()) == ("first", builds.name_of(dist))


def test_what_is_in_the_bucket_already_is_not_uploaded_again(dist: Path) -> None:
    s3 = S3()
    builds.Bucket(s3, "site").put(dist)
    s3.put.clear()
    (dist / "assets" / "z.js").write_text("z", encoding="utf-8")
    build = builds.Bucket(s3, "site").put(dist)
    assert s3.put == [
        f"builds/{build}/about.html", "assets/z.js", f"builds/{build}/icon.svg", f"builds/{build}/index.html",
        f"builds/{build}.json",
    ]  # fmt: skip


@pytest.mark.parametrize("header", ["ContentType", "CacheControl"])
@pytest.mark.parametrize("stored", ["binary/octet-stream", None])
def test_an_unchanged_file_is_uploaded_for_another_header(dist: Path, header: str, stored: str | None) -> None:
    s3 = S3()
    bucket = builds.Bucket(s3, "site")
    build = bucket.put(dist)
    for key in ("assets/first.js", f"builds/{build}/index.html"):
        s3.objects[key][header] = stored or ""
        if stored is None:
            del s3.objects[key][header]
    s3.put.clear()
    bucket.serve(bucket.put(dist))
    assert s3.put[:2] == ["assets/first.js", f"builds/{build}/index.html"]
    for key in ("assets/first.js", "index.html"):
        sent = {name: s3.objects[key][name] for name in ("ContentType", "CacheControl")}
        assert sent == {"ContentType": content.content_type(key), "CacheControl": content.cache_control(key)}


def test_only_files_with_a_hash_in_their_name_are_cached_forever(dist: Path) -> None:
    s3 = S3()
    bucket = builds.Bucket(s3, "site")
    bucket.serve(bucket.put(dist))
    sent = {key: (what["ContentType"], what["CacheControl"]) for key, what in s3.objects.items()}
    assert sent["assets/first.js"] == ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable")
    assert sent["index.html"] == ("text/html; charset=utf-8", "no-cache")


@pytest.fixture(params=[lambda path: builds.Bucket(S3(), "site"), lambda path: builds.Folder(path / "site")])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> builds.Builds:
    """Either place where builds are kept."""
    place: builds.Builds = request.param(tmp_path)
    return place


def test_a_place_without_builds_serves_none(kept: builds.Builds) -> None:
    assert kept.in_service() == ""
    with pytest.raises(builds.Missing, match="no longer kept"):
        kept.serve("0123456789ab")


def test_builds_that_no_release_may_go_back_to_are_removed(kept: builds.Builds, dist: Path, newer: Path) -> None:
    first, second = kept.put(dist), kept.put(newer)
    kept.serve(second)
    kept.prune({first})
    kept.serve(first)
    kept.serve(second)
    kept.prune(())
    kept.serve(second)
    with pytest.raises(builds.Missing):
        kept.serve(first)
    assert kept.in_service() == second
    assert kept.put(dist) == first


def test_what_is_kept_on_this_machine_is_for_its_user_alone(tmp_path: Path, dist: Path) -> None:
    site = builds.Folder(tmp_path / "home" / "site")
    site.serve(site.put(dist))
    kept = [tmp_path / "home" / "site", *(tmp_path / "home" / "site").rglob("*")]
    assert [path for path in kept if path.stat().st_mode & 0o077] == []
    copied = {path.name: path.read_bytes() for path in kept if path.is_file() and path.name != "in-service"}
    assert copied == {
        path.name: path.read_bytes() for path in dist.rglob("*") if path.is_file() and path.name != "config.json"
    }
