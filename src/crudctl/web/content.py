"""How a file of the web app is sent, by its name: what it is, and how long it may be kept. The same locally and on AWS."""

from __future__ import annotations

from pathlib import PurePosixPath

CONFIG = "config.json"  # of the stack and not of the build: infra/site.tf or the local server makes it
NO_CACHE, FOR_EVER = "no-cache", "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".yaml": "application/yaml",
}
TEXT = ("text/", "application/json", "application/yaml", "image/svg+xml")


def content_type(key: str) -> str:
    """The `Content-Type` of a file."""
    return TYPES.get(PurePosixPath(key).suffix, "application/octet-stream")


def cache_control(key: str) -> str:
    """The `Cache-Control` of a file: names under assets/ hold a hash of the content."""
    return FOR_EVER if key.startswith("assets/") else NO_CACHE
