"""The local web server, and when the web app is rebuilt."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crudctl.console import Failed
from crudctl.web import build, serve
from crudctl.web.server import Server
from tests.stack import ROOT


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """A client of a server with a small app, and the app's folder."""
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<h1>Page</h1>", encoding="utf-8")
    (tmp_path / "dist" / "assets" / "a-1.js").write_text("let a", encoding="utf-8")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (tmp_path / "site.json").write_text(json.dumps({"headers": {"X-A": "b"}, "config": {"k": "v"}}), encoding="utf-8")
    server = Server(0, tmp_path / "dist", tmp_path / "site.json")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.server_address[1]}") as client:
        yield client, tmp_path
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["/", "/items/1", "/assets/gone.js", "/../secret", "/%2e%2e/secret", "/assets"])
def test_a_path_without_a_file_returns_the_page(site: tuple[httpx.Client, Path], path: str) -> None:
    response = site[0].get(path)
    assert (response.status_code, response.text) == (200, "<h1>Page</h1>")
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-A"] == "b"


def test_files_with_a_hash_in_their_name_are_cached_forever(site: tuple[httpx.Client, Path]) -> None:
    response = site[0].get("/assets/a-1.js")
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_changed_settings_and_files_are_served_at_once(site: tuple[httpx.Client, Path]) -> None:
    client, folder = site
    before = client.get("/")
    assert client.get("/", headers={"If-None-Match": before.headers["ETag"]}).status_code == 304
    (folder / "dist" / "index.html").write_text("<h1>New</h1>", encoding="utf-8")
    (folder / "site.json").write_text(json.dumps({"headers": {}, "config": {"k": "new"}}), encoding="utf-8")
    for name in ("dist/index.html", "site.json"):
        os.utime(folder / name, ns=(1, 1))  # the clock may tick too slowly for a test
    assert client.get("/", headers={"If-None-Match": before.headers["ETag"]}).text == "<h1>New</h1>"
    assert client.get("/config.json").json() == {"k": "new"}
    assert "X-A" not in client.get("/").headers


def test_head_returns_the_headers_of_get_and_no_body(site: tuple[httpx.Client, Path]) -> None:
    head, get = site[0].head("/"), site[0].get("/")
    assert head.text == ""
    assert {k: v for k, v in head.headers.items() if k != "date"} == {
        k: v for k, v in get.headers.items() if k != "date"
    }


def test_every_placeholder_of_the_headers_is_filled() -> None:
    outputs = {
        "api_url": "http://127.0.0.1:1/x/v1",
        "hosted_ui_url": "http://127.0.0.1:2",
        "endpoint_url": "http://127.0.0.1:3",
        **{name: name for name in ("region", "user_pool_id", "user_pool_client_id")},
    }
    settings = serve.settings(ROOT, outputs)
    assert (
        "connect-src 'self' http://127.0.0.1:1 http://127.0.0.1:2 http://127.0.0.1:3;"
        in (settings["headers"]["Content-Security-Policy"])
    )
    assert "$" not in json.dumps(settings)


def test_a_missing_or_old_node_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reason(tmp_path) == "Node.js is not installed, or not on PATH."
    (tmp_path / "npm").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "node").write_text("#!/bin/sh\necho v18.19.0\n", encoding="utf-8")
    for name in ("npm", "node"):
        (tmp_path / name).chmod(0o755)
    assert reason(tmp_path) == "Node.js 18.19.0 is too old."


def reason(root: Path) -> str:
    """Why the web app cannot be built in a folder."""
    failure = build.missing(root)
    assert failure
    assert failure.hint
    return failure.message


@pytest.mark.parametrize("name", ["a [b]", "{a}", "why?", "c#", "a:b"])
def test_a_folder_in_which_vite_cannot_build_is_reported(name: str) -> None:
    assert f"Vite cannot build in /home/me/{name}, because of " in reason(Path("/home/me", name))
    assert build.missing(Path("/home/me/Ünïcode & spaces (x)")) is None


@pytest.mark.parametrize("home", ["missing", "/proc", "/dev/null"])
def test_npm_uses_a_cache_in_the_project_when_the_home_is_missing_or_read_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str
) -> None:
    """With an npm that only prints where its cache is."""
    (tmp_path / "npm").write_text('#!/bin/sh\necho "cache $npm_config_cache" >&2\nexit 1\n', encoding="utf-8")
    (tmp_path / "npm").chmod(0o755)
    (tmp_path / "web").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("npm_config_cache", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / home))
    with pytest.raises(Failed, match=f"cache {re.escape(str(tmp_path))}/build/npm"):
        build.install(tmp_path, lambda _: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Failed, match=r"cache$"):
        build.install(tmp_path, lambda _: None)


def test_it_is_built_when_its_sources_or_the_contract_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With an npm that only records its calls."""
    for name in ("web/src/a.ts", "web/package.json", "web/package-lock.json", *build.CONTRACT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1", encoding="utf-8")
    programs = tmp_path / "programs"
    programs.mkdir()
    npm = "#!/bin/sh\nmkdir -p node_modules dist; echo x > dist/index.html; echo $1 >> ../calls\n"
    (programs / "npm").write_text(npm, encoding="utf-8")
    (programs / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    def npm_calls() -> list[str]:
        build.build(tmp_path, lambda text: None)
        path = tmp_path / "calls"
        calls = path.read_text(encoding="utf-8").split() if path.exists() else []
        path.unlink(missing_ok=True)
        return calls

    assert npm_calls() == ["ci", "run"]
    (tmp_path / "web" / "dist" / "app.js").write_text("what was built is no source", encoding="utf-8")
    assert npm_calls() == []
    for name in ("web/src/a.ts", *build.CONTRACT):
        (tmp_path / name).write_text("2", encoding="utf-8")
        assert npm_calls() == ["run"]
    (tmp_path / "web" / "package-lock.json").write_text("2", encoding="utf-8")
    assert npm_calls() == ["ci", "run"]
