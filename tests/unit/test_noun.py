"""The default contract's noun: product code names no resource, and uses the word only where JSON Schema, AWS or CSS do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.stack import ROOT

NOUN = re.compile(r"\bitems?\b", re.IGNORECASE)
GENERIC = [
    r"\.items\b",  # of a Python dict, or a keyword of JSON Schema
    r"""["'`]items["'`]""",
    r"\bitems(\??:| allOf\b)",
    r"\b(dynamic \"items\"|items\.(key|value)|additionalItems)\b",  # Terraform
    r"\b(align|justify)-items\b",
    r"\.item\b|[\"']Items?[\"']|\bItem=|\bItem size\b|#limits-items|ttl-expired-items",  # DynamoDB's own
    r"\bitem += jsonencode|ignore_changes = \[item\]",  # of aws_dynamodb_table_item
]
SUFFIXES = {".py", ".tf", ".hcl", ".json", ".tfvars", ".ts", ".tsx", ".css", ".html"}
# Files whose subject is DynamoDB's items or a keyword of JSON Schema; moved.tf has the addresses of earlier versions.
ABOUT_ITEMS = (
    "bench/cold_start/", "bench/peers/",
    "infra/moved.tf", "infra/terraform.tfvars.json", "infra/tests/", "src/crudctl/build/rules.py", "src/crudctl/build/service.py",
    "src/crudctl/build/structure.py", "src/crudctl/build/sample.py", "src/crudctl/new/", "src/crudctl/release/record.py",
    "src/emulator/", "src/functions/aws/",
)  # fmt: skip


def sources() -> Iterator[str]:
    """The files of the product, as paths below the project."""
    yield "Makefile"
    for top in ("src", "infra", "web/src", "bench"):
        for path in sorted((ROOT / top).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in SUFFIXES and "/." not in name and path.name != "operations.py":
                yield name


def test_product_code_names_no_resource() -> None:
    names = [name for name in sources() if not name.startswith(ABOUT_ITEMS)]
    assert len(names) > 100
    assert [
        f"{name}: {line.strip()}"
        for name in names
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if NOUN.search(re.sub("|".join(GENERIC), "", line))
    ] == []
