"""Content type and caching of the web app's files, by name. The same locally and on AWS."""

from __future__ import annotations

from pathlib import PurePosixPath

CONFIG = "config.json"  # belongs to the stack, not to the build: infra/site.tf or the local server creates it
ASSETS = "assets/"  # files whose names contain a hash of their content
IN_SERVICE = "in-service"  # file beside builds with the name of the one that is served
NO_CACHE, FOREVER = "no-cache", "public, max-age=31536000, immutable"
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
    """Return the `Content-Type` of a file."""
    return TYPES.get(PurePosixPath(key).suffix, "application/octet-stream")


def cache_control(key: str) -> str:
    """Return the `Cache-Control` of a file."""
    return FOREVER if key.startswith(ASSETS) else NO_CACHE
