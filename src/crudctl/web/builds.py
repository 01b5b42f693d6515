"""The builds of the web app that users had, kept so that each can be served again. Knows a bucket or a folder, and no release.

A file under assets/ has a hash in its name and stays where it is. All others, the pages among them, have a copy for each
build, under `builds/<build>/`. Nothing has to be removed from CloudFront's cache: these others are `no-cache`, which the cache
policy of infra/site.tf keeps for one second, its shortest time
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html), and a page that it serves
for a path of the app for ten (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Protocol

from crudctl.web import content, upload

KEPT, IN_SERVICE = "builds/", "builds/in-service"
SITE = "site"  # folder of the builds, in the folder of the local stack
DIGITS = 12  # of a build's name


class Missing(Exception):
    """A build is no longer kept."""

    def __init__(self, build: str) -> None:
        super().__init__(f"the build {build} of the web app is no longer kept")


class Builds(Protocol):
    """Where builds are kept, and one of them is served."""

    def put(self, dist: Path) -> str:
        """Keep the build in `dist`, and return its name. It is not served yet."""

    def serve(self, build: str) -> None:
        """Serve a kept build, pages last. Raise Missing. Doing it twice is doing it once."""

    def in_service(self) -> str:
        """Return the name of the build that is served; empty if it was uploaded by a version that kept none."""

    def prune(self, wanted: Collection[str]) -> None:
        """Remove the copies of all builds but those `wanted` and the one in service. Assets stay: a page may be open."""


def name_of(dist: Path) -> str:
    """Return the name of a build: the same files have the same name."""
    digest = hashlib.sha256()
    for path in _files(dist):
        digest.update(f"{_key(dist, path)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:DIGITS]


class Bucket:
    """The bucket that CloudFront serves.

    Args:
        s3: boto3's client of S3.
        name: of the bucket.
    """

    def __init__(self, s3: Any, name: str) -> None:
        self._s3 = s3
        self._name = name

    def put(self, dist: Path) -> str:
        """Keep a build. Its list of files is written last: a build with one is whole."""
        build, files = name_of(dist), {_key(dist, path): path for path in _files(dist)}
        kept = {key if _is_asset(key) else f"{KEPT}{build}/{key}": path for key, path in files.items()}
        upload.upload(self._s3, kept, self._name)
        self._write(f"{KEPT}{build}.json", json.dumps([key for key in files if not _is_asset(key)]))
        return build

    def serve(self, build: str) -> None:
        """Copy the build's own files to where they are served, with their headers.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html copies them with the object.
        """
        for key in sorted(self._files_of(build), key=lambda key: (key.endswith(".html"), key)):
            source = {"Bucket": self._name, "Key": f"{KEPT}{build}/{key}"}
            self._s3.copy_object(Bucket=self._name, Key=key, CopySource=source)
        self._write(IN_SERVICE, build)

    def in_service(self) -> str:
        """Return the name of the build that was served last."""
        return self._read(IN_SERVICE)

    def prune(self, wanted: Collection[str]) -> None:
        """Remove a build's list of files first: without it nothing takes the rest for a build."""
        kept = {*wanted, self.in_service()}
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=KEPT)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        outdated = [key for key in keys if key != IN_SERVICE and _build_of(key) not in kept]
        for key in sorted(outdated, key=lambda key: (not key.endswith(".json") or key.count("/") > 1, key)):
            self._s3.delete_object(Bucket=self._name, Key=key)

    def _files_of(self, build: str) -> list[str]:
        listed = self._read(f"{KEPT}{build}.json")
        if not listed:
            raise Missing(build)
        files: list[str] = json.loads(listed)
        return files

    def _read(self, key: str) -> str:
        try:
            body: bytes = self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return ""
        return body.decode()

    def _write(self, key: str, text: str) -> None:
        headers = {"ContentType": "application/json", "CacheControl": content.NO_CACHE}
        self._s3.put_object(Bucket=self._name, Key=key, Body=text.encode(), **headers)


class Folder:
    """The folder that the local web server serves: whole builds, and the name of the one in service. All is for the user alone.

    Args:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, dist: Path) -> str:
        """Copy a build beside the others, and then to its place: a folder with a build's name is whole."""
        build = name_of(dist)
        if not (self._path / build).exists():
            incomplete = self._path / f".{build}.{os.getpid()}"
            shutil.rmtree(incomplete, ignore_errors=True)
            for path in _files(dist):
                _write_private(incomplete / path.relative_to(dist), path.read_bytes())
            try:
                incomplete.rename(self._path / build)
            except OSError:
                shutil.rmtree(incomplete)
                if not (self._path / build).exists():  # otherwise another process was faster
                    raise
        return build

    def serve(self, build: str) -> None:
        """Name the build to the server, which reads that at each request."""
        if not (self._path / build).is_dir():
            raise Missing(build)
        incomplete = self._path / f".{content.IN_SERVICE}.{os.getpid()}"
        _write_private(incomplete, build.encode("ascii"))
        incomplete.replace(self._path / content.IN_SERVICE)

    def in_service(self) -> str:
        """Return what the server was told."""
        path = self._path / content.IN_SERVICE
        return path.read_text(encoding="ascii") if path.exists() else ""

    def prune(self, wanted: Collection[str]) -> None:
        """Remove whole builds: the app of one that is still open asks for a reload."""
        for path in self._path.glob("*/"):
            if path.name not in {*wanted, self.in_service()}:
                shutil.rmtree(path)


def _write_private(path: Path, body: bytes) -> None:
    """Write a file and the folders above it, for the user alone."""
    for folder in reversed(path.parents):
        folder.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)


def _files(dist: Path) -> Iterator[Path]:
    return (path for path in sorted(dist.rglob("*")) if path.is_file() and _key(dist, path) != content.CONFIG)


def _key(dist: Path, path: Path) -> str:
    return path.relative_to(dist).as_posix()


def _is_asset(key: str) -> bool:
    return key.startswith(content.ASSETS)


def _build_of(key: str) -> str:
    return key.removeprefix(KEPT).partition("/")[0].removesuffix(".json")
