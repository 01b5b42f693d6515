"""The local web server, and when the web app is rebuilt."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from crudctl.console import Failed
from crudctl.web import build, builds, serve, server
from crudctl.web.server import Server
from tests.stack import ROOT


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """A client of a server with a small app, and the app's folder."""
    with serving(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    """The same, for tests that change nothing."""
    with serving(tmp_path_factory.mktemp("site")) as found:
        yield found


@contextlib.contextmanager
def serving(tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<h1>Page</h1>", encoding="utf-8")
    (tmp_path / "dist" / "assets" / "a-1.js").write_text("let a", encoding="utf-8")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (tmp_path / "site.json").write_text(json.dumps({"headers": {"X-A": "b"}, "config": {"k": "v"}}), encoding="utf-8")
    running = Server(0, tmp_path / "dist", tmp_path / "site.json")
    thread = threading.Thread(target=lambda: running.serve_forever(poll_interval=0.01))
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{running.server_address[1]}", timeout=60) as client:
        yield client, tmp_path
    running.shutdown()
    running.server_close()
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


def test_the_build_in_service_is_served_at_once(site: tuple[httpx.Client, Path]) -> None:
    client, folder = site
    kept = builds.Folder(folder / "dist")
    for page in ("first", "second"):
        (folder / page).mkdir()
        (folder / page / "index.html").write_text(page, encoding="utf-8")
    first, second = (kept.put(folder / page) for page in ("first", "second"))
    for name, page in ((first, "first"), (second, "second"), (first, "first")):
        kept.serve(name)
        assert (client.get("/").text, client.get("/in-service").text) == (page, page)


def test_head_returns_the_headers_of_get_and_no_body(site: tuple[httpx.Client, Path]) -> None:
    head, get = site[0].head("/"), site[0].get("/")
    assert head.text == ""
    assert {k: v for k, v in head.headers.items() if k != "date"} == {
        k: v for k, v in get.headers.items() if k != "date"
    }


def exchange(site: tuple[httpx.Client, Path], sent: bytes) -> bytes:
    """All that the server sends for these bytes, until it ends the connection."""
    url = site[0].base_url
    with socket.create_connection((url.host, url.port or 0), timeout=60) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(1 << 16):
            received += part
    return received


GOOD = b"Host: localhost\r\nConnection: close\r\n\r\n"
PAGE = b"GET / HTTP/1.1\r\n" + GOOD
ODD = {
    "NUL in the path": (b"GET /%00 HTTP/1.1\r\n" + GOOD, 200),
    "NUL in a name": (b"GET /assets/a-1.js%00.css HTTP/1.1\r\n" + GOOD, 200),
    "an unescaped NUL": (b"GET /\0 HTTP/1.1\r\n" + GOOD, 200),
    "a long name": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + GOOD, 200),
    "a deep path": (b"GET " + b"/a" * 5000 + b" HTTP/1.1\r\n" + GOOD, 200),
    "not UTF-8": (b"GET /%ff%fe\xff HTTP/1.1\r\n" + GOOD, 200),
    "an unpaired surrogate": (b"GET /%ed%a0%80 HTTP/1.1\r\n" + GOOD, 200),
    "half an escape": (b"GET /%2 HTTP/1.1\r\n" + GOOD, 200),
    "dots": (b"GET /assets/../../secret HTTP/1.1\r\n" + GOOD, 200),
    "escaped dots": (b"GET /assets/%2e%2e/%2e%2e/secret HTTP/1.1\r\n" + GOOD, 200),
    "backslashes": (b"GET /..\\secret HTTP/1.1\r\n" + GOOD, 200),
    "many slashes": (b"GET ////etc/passwd HTTP/1.1\r\n" + GOOD, 200),
    "a bracket": (b"GET //[ HTTP/1.1\r\n" + GOOD, 200),
    "a URL": (b"GET http://localhost/assets/a-1.js HTTP/1.1\r\n" + GOOD, 200),
    "a URL without a path": (b"GET http://127.0.0.1:1?a HTTP/1.1\r\n" + GOOD, 200),
    "a broken URL": (b"GET http://[ HTTP/1.1\r\n" + GOOD, 421),
    "another scheme": (b"GET ftp://localhost/ HTTP/1.1\r\n" + GOOD, 400),
    "no path": (b"GET * HTTP/1.1\r\n" + GOOD, 400),
    "a target without a slash": (b"GET a HTTP/1.1\r\n" + GOOD, 400),
    "a line that is too long": (b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n" + GOOD, 414),
    "many words": (b"GET / / HTTP/1.1\r\n" + GOOD, 400),
    "no version": (b"GET /\r\n" + GOOD, 200),
    "version 0.9": (b"POST /\r\n\r\n", 400),
    "version 2": (b"GET / HTTP/2.0\r\n" + GOOD, 505),
    "version x": (b"GET / HTTP/x\r\n" + GOOD, 400),
    "a large version": (b"GET / HTTP/1." + b"1" * 5000 + b"\r\n" + GOOD, 400),
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\r\n" + GOOD, 400),
    "an empty line": (b"\r\n\r\n", None),
    "POST": (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n" + GOOD + b"a=b", 405),
    "a method of one's own": (b"\x00\xff HTTP/1.1\r\n" + GOOD, 400),
    "a method in lower case": (b"get / HTTP/1.1\r\n" + GOOD, 405),
    "the name of a Python method": (b"error / HTTP/1.1\r\n" + GOOD, 405),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + GOOD, 431),
    "a long header": (b"GET / HTTP/1.1\r\nA: " + b"b" * 70000 + b"\r\n" + GOOD, 431),
    "a header without a name": (b"GET / HTTP/1.1\r\nHost: localhost\r\n: b\r\nConnection: close\r\n\r\n", 200),
    "a header with NUL": (b"GET / HTTP/1.1\r\nIf-None-Match: \0\xff\r\nAccept-Encoding: \xff\r\n" + GOOD, 200),
    "no host": (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 421),
    "no host and version 1.0": (b"GET / HTTP/1.0\r\n\r\n", 421),
    "another host": (b"GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n", 421),
    "another host in the URL": (b"GET http://attacker.example/ HTTP/1.1\r\n" + GOOD, 421),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: attacker.example\r\n" + GOOD, 421),
    "a host that begins like this one": (b"GET / HTTP/1.1\r\nHost: localhost.attacker.example\r\n\r\n", 421),
    "a body of another length": (b"GET / HTTP/1.1\r\nContent-Length: x\r\n" + GOOD, 200),
    "two bodies": (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n" + GOOD, 200),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_sent_has_a_response(
    unchanged: tuple[httpx.Client, Path], name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    sent, status = ODD[name]
    received = exchange(unchanged, sent)
    assert b"secret" not in received
    assert received.startswith(b"HTTP/1.1 %d " % status) if status else received.startswith((b"", b"HTTP/1.1 400 "))
    assert b"Access-Control-" not in received
    assert capfd.readouterr() == ("", "")
    assert unchanged[0].get("/").status_code == 200


def test_body_is_not_taken_for_a_request(unchanged: tuple[httpx.Client, Path]) -> None:
    hidden = b"GET /assets/a-1.js HTTP/1.1\r\n" + GOOD
    for head in (b"Content-Length: %d\r\n" % len(hidden), b"Transfer-Encoding: chunked\r\n"):
        received = exchange(unchanged, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n" + hidden)
        assert received.count(b"HTTP/1.1") == 1


def test_several_requests_use_one_connection(unchanged: tuple[httpx.Client, Path]) -> None:
    first = b"GET /assets/a-1.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    received = exchange(unchanged, first + b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n" + PAGE)
    assert received.count(b"HTTP/1.1 200 ") == 3
    assert received.endswith(b"<h1>Page</h1>")


@pytest.mark.parametrize("sent", [b"", b"GET", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: local"])
def test_slow_client_is_not_waited_for(
    site: tuple[httpx.Client, Path], monkeypatch: pytest.MonkeyPatch, sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """The deadline is that of a whole request: a byte now and then does not extend it."""
    monkeypatch.setattr(server, "PATIENCE", 0.2)
    url = site[0].base_url
    with socket.create_connection((url.host, url.port or 0), timeout=60) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(1 << 16):
            received += part
            with contextlib.suppress(OSError):
                connection.sendall(b"a")
    assert received.startswith(b"HTTP/1.1 408 ") if sent else received == b""
    assert capfd.readouterr() == ("", "")


def test_client_that_leaves_is_not_an_error(site: tuple[httpx.Client, Path], capfd: pytest.CaptureFixture[str]) -> None:
    (site[1] / "dist" / "big.txt").write_bytes(bytes(1 << 24))
    url = site[0].base_url
    for sent in (b"G", b"GET /big.txt HTTP/1.1\r\n" + GOOD):
        with socket.create_connection((url.host, url.port or 0), timeout=60) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leave with a reset
            connection.sendall(sent)
    assert site[0].get("/").status_code == 200
    assert capfd.readouterr() == ("", "")


def test_app_that_is_being_built_is_unavailable(site: tuple[httpx.Client, Path]) -> None:
    (site[1] / "dist" / "index.html").unlink()
    assert site[0].get("/").status_code == 503
    (site[1] / "dist" / "index.html").write_text("<h1>Built</h1>", encoding="utf-8")
    assert site[0].get("/").text == "<h1>Built</h1>"


@pytest.mark.parametrize("damaged", ["", "{", "{}", "[]", '{"headers": null}'])
def test_damaged_settings_are_no_dropped_connection(site: tuple[httpx.Client, Path], damaged: str) -> None:
    (site[1] / "site.json").write_text(damaged, encoding="utf-8")
    for path in ("/", "/config.json"):
        assert site[0].get(path).status_code == 503


def test_link_out_of_the_app_is_not_followed(site: tuple[httpx.Client, Path]) -> None:
    (site[1] / "dist" / "out").symlink_to(site[1] / "secret")
    assert site[0].get("/out").text == "<h1>Page</h1>"


def test_every_placeholder_of_the_headers_is_filled() -> None:
    outputs = {
        "api_url": "http://127.0.0.1:1/x/v1",
        "hosted_ui_url": "http://127.0.0.1:2",
        "endpoint_url": "http://127.0.0.1:3",
        **{name: name for name in ("region", "user_pool_id", "user_pool_client_id", "sign_up")},
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
    npm = "#!/bin/sh\nmkdir -p node_modules $6; echo $1 >> ../calls; test $1 = ci || echo x > $6/index.html\n"
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


def test_builds_at_the_same_time_wait_for_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With an npm that fails while another one runs, and a page that always exists, whole."""
    for name in ("web/src/a.ts", "web/package.json", "web/package-lock.json", *build.CONTRACT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1", encoding="utf-8")
    npm = tmp_path / "programs" / "npm"
    npm.parent.mkdir()
    npm.write_text(
        "#!/bin/sh\nmkdir ../running || exit 1\nsleep 0.2\nmkdir -p node_modules $6\n"
        "test $1 = ci || echo x > $6/index.html\nrmdir ../running\n",
        encoding="utf-8",
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}{os.pathsep}{os.environ['PATH']}")
    with ThreadPoolExecutor(3) as threads:
        built = list(threads.map(lambda _: build.build(tmp_path, lambda text: None), range(3)))
    assert sorted(built) == [False, False, True]
    assert (tmp_path / "web" / "dist" / "index.html").read_text(encoding="utf-8") == "x\n"
    assert not [path for path in (tmp_path / "build").iterdir() if path.is_dir()]
