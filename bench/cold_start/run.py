"""Measures the cost of a cold start: the functions against boto3. Prints a table and writes result.md."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import boto3
import trustme

from crudctl.build import package
from tests.servers.hostile import HostileServer, respond

ROOT = Path(__file__).parents[2]
HOST = "dynamodb.eu-west-2.amazonaws.com"
TARGET = 0.35
ITEM = {name: {"S": name} for name in ("id", "owner", "name", "created_at", "updated_at")} | {"version": {"N": "1"}}

# The endpoint's host name resolves to this machine, and the root of its certificate is treated as one of Amazon's.
HERE = """
import socket
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **options: resolve(b"127.0.0.1", *rest, **options)
"""
FUNCTIONS = """
import functions.aws.roots
functions.aws.roots.AMAZON += open("{root}").read()
import functions.handlers
"""
FIRST_READ = """
import types
request = types.SimpleNamespace(owner="owner", id="request", invocation="1", now="", idempotency_key=None, remaining=lambda: 5.0)
functions.handlers.store().of(request).get("id")
"""
BOTO3 = """
import boto3
client = boto3.client("dynamodb")
"""
PROGRAMS = {
    "bare interpreter": "",
    "functions: import, client, connected": HERE + FUNCTIONS,
    "boto3: import, client": HERE + BOTO3,
    "functions, with every root of the system": HERE
    + FUNCTIONS.replace(
        "import functions.handlers",
        "import functions.aws.tls as tls; tls._is_aws = lambda host: False\nimport functions.handlers",
    ),
    "functions, with http.client imported": HERE + FUNCTIONS + "import http.client\n",
    "functions: the same, first GetItem": HERE + FUNCTIONS + FIRST_READ,
    "boto3: the same, first GetItem": HERE
    + BOTO3
    + 'client.get_item(TableName="items", Key={{"id": {{"S": "owner#id"}}}})\n',
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="processes of each kind")
    runs = parser.parse_args().runs
    times = measure(runs)
    table = report({name: statistics.median(each) for name, each in times.items()}, runs)
    print(table)
    (Path(__file__).parent / "result.md").write_text(table, encoding="utf-8")


def measure(runs: int) -> dict[str, list[float]]:
    """Return milliseconds of CPU time, user and system, of each process. The kinds take turns; a first run compiles."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    pem = authority.cert_pem.bytes()
    responses = [respond({"Item": ITEM})] * (2 * (runs + 1))
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as home, HostileServer(*responses, context=context) as server:
        store = Path(home) / "store.pem"
        system = Path(ssl.get_default_verify_paths().cafile or os.devnull)
        store.write_bytes(system.read_bytes() + pem)
        root = Path(home) / "root.pem"
        root.write_bytes(pem)
        with zipfile.ZipFile(package.build(ROOT).zip) as built:
            built.extractall(Path(home) / "task")
        environ = environment(home, store, server.port)
        for _ in range(runs + 1):
            for name, program in PROGRAMS.items():
                times[name].append(cpu(program.format(root=root), environ))
    return {name: each[1:] for name, each in times.items()}


def environment(home: str, store: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "PYTHONPATH": str(Path(home) / "task"),
        "SSL_CERT_FILE": str(store),
        "AWS_CA_BUNDLE": str(store),
        "AWS_ENDPOINT_URL": f"https://{HOST}:{port}",
        "AWS_REGION": "eu-west-2",
        "AWS_DEFAULT_REGION": "eu-west-2",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_LAMBDA_FUNCTION_NAME": "get_item",
        "TABLE_NAME": "items",
        "INDEX_NAME": "by_owner",
        "CLIENT_IDS": "client",
        "OWNERSHIP": "user",
        "METRIC_NAMESPACE": "items",
    }


def cpu(program: str, environ: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], env=environ, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def report(medians: dict[str, float], runs: int) -> str:
    bare, functions, client, *_, functions_get, client_get = medians.values()
    rows = [f"| {name} | {each:.0f} | {each - bare:.0f} |" for name, each in medians.items()]
    return "\n".join(
        [
            f"Python {platform.python_version()} on {platform.machine()}, boto3 {boto3.__version__}; "
            f"medians of {runs} processes each",
            "",
            "| process | CPU, ms | more than bare |",
            "|---|--:|--:|",
            *rows,
            "",
            f"functions / boto3: **{functions / client:.0%}** (target: at most {TARGET:.0%}); "
            f"with a first GetItem {functions_get / client_get:.0%}",
            "",
        ]
    )


if __name__ == "__main__":
    main()
