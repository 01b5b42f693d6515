"""infra/ and a current version 6 of Terraform's AWS provider: it uses nothing that is missing there, and nothing deprecated.

`provider_6.json` is what scripts/read_provider_schema.py has read of the types that infra/ uses. Nothing here runs with version
6: infra/versions.tf pins the version of the tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.oracles import hcl
from tests.stack import ROOT

Json = dict[str, Any]
SCHEMA: Json = json.loads((ROOT / "tests" / "oracles" / "provider_6.json").read_text(encoding="utf-8"))
FILES = [path for path in sorted((ROOT / "infra").rglob("*.tf")) if ".terraform" not in path.parts]
# https://developer.hashicorp.com/terraform/language/meta-arguments
META = {"count", "for_each", "provider", "depends_on", "lifecycle", "connection", "provisioner"}
REFERENCE = re.compile(r"(?<![\w.])(data\.)?(aws_[a-z0-9_]+)\.[a-z0-9_]+(?:\[(?:[^\[\]]|\[[^\]]*\])*\])?\.([a-z0-9_]+)")
# Deprecated in newer versions than the pinned one, which has no other form; and what to write on the day of the change.
UNAVOIDABLE = {
    ("aws_dynamodb_table", "global_secondary_index.hash_key"): "key_schema, which 5.100.0 and 6.25.0 do not have",
    ("aws_dynamodb_table", "global_secondary_index.range_key"): "key_schema, which 5.100.0 and 6.25.0 do not have",
}


def types() -> Iterator[tuple[str, str, hcl.Block]]:
    """Each resource and data source of the provider in infra/: `resource` or `data`, its type, its block."""
    for path in FILES:
        for block in hcl.read(path.read_text(encoding="utf-8")):
            if block.type in ("resource", "data") and block.labels[0].startswith("aws_"):
                yield block.type, block.labels[0], block


def missing(schema: Json | None, path: tuple[str, ...]) -> bool:
    """Whether a path of arguments is not in a schema. The bindings do not describe every block: WAF's rules have no end."""
    for name in path:
        if not schema:
            return False
        if name not in schema:
            return True
        schema = schema[name]
    return False


def faults(kind: str, name: str, block: hcl.Block) -> Iterator[str]:
    """What version 6 would not accept of a block, or warn of."""
    schema = SCHEMA["types"].get(f"{kind}.{name}")
    if schema is None:
        yield f"{name} is not in provider_6.json: run scripts/read_provider_schema.py"
        return
    for path in hcl.used(block):
        if path[0] in META:
            continue
        dotted = ".".join(path)
        if missing(schema["arguments"], path):
            yield f"{name} has no {dotted} in {SCHEMA['provider']}"
        if dotted in schema["deprecated"] and (name, dotted) not in UNAVOIDABLE:
            yield f"{dotted} of {name} is deprecated: {schema['deprecated'][dotted]}"


def test_version_6_has_every_argument_that_infra_uses_and_deprecates_none() -> None:
    assert len(list(types())) > 60
    assert [fault for kind, name, block in types() for fault in faults(kind, name, block)] == []


def test_version_6_has_every_attribute_that_infra_reads_and_deprecates_none() -> None:
    read = {found for path in FILES for found in REFERENCE.findall(path.read_text(encoding="utf-8"))}
    assert len(read) > 30
    wrong = []
    for data, name, attribute in sorted(read):
        schema = SCHEMA["types"].get(f"{'data' if data else 'resource'}.{name}")
        assert schema, name
        if attribute not in {*schema["attributes"], *schema["arguments"]}:
            wrong.append(f"{name} has no {attribute}")
        if attribute in schema["deprecated"]:
            wrong.append(f"{attribute} of {name} is deprecated")
    assert wrong == []


def test_every_exception_is_in_use() -> None:
    """So that one does not outlive its reason."""
    used = {(name, ".".join(path)) for _, name, block in types() for path in hcl.used(block)}
    assert set(UNAVOIDABLE) <= used
    assert all(dotted in SCHEMA["types"][f"resource.{name}"]["deprecated"] for name, dotted in UNAVOIDABLE)


OUTDATED = """
resource "aws_s3_bucket" "b" {
  acl           = "private" # deprecated for years
  force_destroy = true
}

resource "aws_dynamodb_table" "t" {
  stream_arn_suffix = "none"
  dynamic "ttl" {
    for_each = { a = "}" }
    content {
      attribute_name = "x-${upper("}")}"
      unit           = 1
    }
  }
  lifecycle { ignore_changes = [name] }
}
"""


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, ["acl of aws_s3_bucket is deprecated"]),
        (1, ["aws_dynamodb_table has no stream_arn_suffix", "aws_dynamodb_table has no ttl.unit"]),
    ],
)
def test_what_is_missing_or_deprecated_is_told(number: int, told: list[str]) -> None:
    block = hcl.read(OUTDATED)[number]
    found = list(faults(block.type, block.labels[0], block))
    assert len(found) == len(told)
    assert all(fault.startswith(start) for fault, start in zip(found, told, strict=True))


def test_the_reader_finds_every_block_that_terraform_has() -> None:
    """Counted in the text as well, where `terraform fmt` has every block begin a line."""
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        tops = re.findall(r"^(\w+)(?: \"[^\"]*\")* \{", text, re.MULTILINE)
        assert [block.type for block in hcl.read(text)] == tops, path
