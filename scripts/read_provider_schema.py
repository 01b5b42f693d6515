"""Writes tests/oracles/provider_6.json: what a current version 6 of Terraform's AWS provider has of the types that infra/ uses.

    .venv/bin/python scripts/read_provider_schema.py

No registry of Terraform is asked. Arguments and attributes are those of the bindings that are generated from the provider's
schema (npm `@cdktf/provider-aws`), deprecations those of another generator (npm `@pulumi/aws`), whose names are in camel case.
About 90 MB are downloaded to a temporary folder. Run it again when infra/ uses a new type, or for newer packages.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "tests" / "oracles" / "provider_6.json"
BINDINGS, DEPRECATIONS = "@cdktf/provider-aws@21.22.1", "@pulumi/aws@7.48.0"
USED = re.compile(r'^(resource|data) "(aws_\w+)"', re.MULTILINE)
ATTRIBUTES = re.compile(r"const attrs = \{(.*?)\n(?:    |        )\};", re.DOTALL)
ATTRIBUTE = re.compile(r"^ +(\w+): \{\n +value: ([^\n]*)", re.MULTILINE)
NESTED = re.compile(r"(\w+)ToHclTerraform\b")
COMPUTED = re.compile(r"(?:get\w+Attribute\(|OutputReference\(this, |List\(this, |Map\(this, )['\"](\w+)['\"]")
VERSION = re.compile(r"providerVersion: '([0-9.]+)'")
DEPRECATED = re.compile(
    r"/\*\*(?:(?!\*/).)*?@deprecated (?P<why>(?:(?!\*/|\n).)*)(?:(?!\*/).)*\*/"
    r"\s*(?:(?:public|readonly|static) )*(?P<name>\w+)\??:",
    re.DOTALL,
)
NAMESPACE = re.compile(r"^export declare namespace (\w+) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
INTERFACE = re.compile(r"^( +)interface (\w+) \{\n(.*?)^\1\}", re.DOTALL | re.MULTILINE)
RENAMED = {"s3object": "s3bucketobject"}  # where the two generators use different names

Json = dict[str, Any]


def main() -> None:
    """Download both packages and write what the types of infra/ have."""
    types = sorted(
        {found for file in (ROOT / "infra").rglob("*.tf") for found in USED.findall(file.read_text("utf-8"))}
    )
    with tempfile.TemporaryDirectory() as folder:
        bindings, deprecations = (unpacked(package, Path(folder)) for package in (BINDINGS, DEPRECATIONS))
        nested = nested_deprecations(deprecations)
        schema = {
            f"{kind}.{name}": schema_of(bindings, kind, name) | deprecated(deprecations, nested, kind, name)
            for kind, name in types
        }
        some = next(path for path in (bindings / "lib").glob("*/index.js"))
        versions = VERSION.search(some.read_text("utf-8"))
    assert versions, "The bindings do not name the provider's version."
    written = {"from": [BINDINGS, DEPRECATIONS], "provider": versions[1], "types": schema}
    RESULT.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(f"{RESULT.relative_to(ROOT)}: {len(schema)} types of provider {versions[1]}")


def unpacked(package: str, folder: Path) -> Path:
    """Download an npm package and return the folder of its files."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.split()[-1]
    target = folder / package.strip("@").replace("/", "-")
    with tarfile.open(folder / packed) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def schema_of(bindings: Path, kind: str, name: str) -> Json:
    """Return the arguments of a type, nested ones below their blocks, and the names of its attributes. Exit if it is missing."""
    folder = name.removeprefix("aws_").replace("_", "-")
    source = bindings / "lib" / (f"data-aws-{folder}" if kind == "data" else folder) / "index.js"
    if not source.exists():
        sys.exit(f"{name} does not exist in {BINDINGS}.")
    text = source.read_text(encoding="utf-8")
    functions = {
        match[1]: match[2]
        for match in re.finditer(r"^function (\w+)ToHclTerraform\(struct\) \{(.*?)^\}", text, re.DOTALL | re.MULTILINE)
    }
    own = text[text.rindex("synthesizeHclAttributes()") :]
    methods = text[text.rindex("class ") :]
    return {"arguments": arguments(own, functions), "attributes": sorted(set(COMPUTED.findall(methods)))}


def arguments(body: str, functions: dict[str, str]) -> Json:
    """Return the arguments that a generated function writes; a block is an object of its own arguments."""
    match = ATTRIBUTES.search(body)
    found: Json = {}
    for name, value in ATTRIBUTE.findall(match[1] if match else ""):
        nested = next((each for each in NESTED.findall(value) if each in functions), None)
        found[name] = arguments(functions[nested], functions) if nested else None
    return found


def nested_deprecations(package: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return the reason by property of each block with deprecated arguments, by its service and its interface."""
    text = (package / "types" / "input.d.ts").read_text(encoding="utf-8")
    found = {
        (space[1], match[2]): dict(_deprecated_in(match[3]))
        for space in NAMESPACE.finditer(text)
        for match in INTERFACE.finditer(space[2])
    }
    return {name: reasons for name, reasons in found.items() if reasons}


def deprecated(package: Path, nested: dict[tuple[str, str], dict[str, str]], kind: str, name: str) -> Json:
    """Return the deprecated arguments and attributes of a type with the reason; those of blocks as `Block.argument`."""
    wanted = name.removeprefix("aws_").replace("_", "")
    wanted = RENAMED.get(wanted, wanted)
    files = [path for path in package.glob("*/*.d.ts") if _name(path) == (wanted, kind == "data")]
    files += [path for path in package.glob("get*.d.ts") if kind == "data" and path.name[3:-5].lower() == wanted]
    if not files:
        sys.exit(f"{name} does not exist in {DEPRECATIONS}.")
    reasons = {_snake(each): why for each, why in _deprecated_in(files[0].read_text(encoding="utf-8"))}
    own = files[0].name[:-5].removeprefix("get")
    for (service, interface), inner in nested.items():
        if service == files[0].parent.name and interface.startswith(own[0].upper() + own[1:]):
            block = _snake(interface[len(own) :])
            reasons |= {f"{block}.{_snake(each)}": why for each, why in inner.items()}
    return {"deprecated": dict(sorted(reasons.items()))}


def _name(path: Path) -> tuple[str, bool]:
    """Return the service and the name of a file as one word, and whether it is a data source."""
    name = path.name[:-5]
    data = bool(re.match("get[A-Z]", name))
    return (path.parent.name + name.removeprefix("get" if data else "")).lower(), data


def _deprecated_in(text: str) -> Iterator[tuple[str, str]]:
    return ((match["name"], match["why"].strip()) for match in DEPRECATED.finditer(text))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


if __name__ == "__main__":
    main()
