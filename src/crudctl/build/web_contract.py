"""Derives from the contract what the web app is built from: the schema of its form, and the document of its reference page.

The app follows no derivation rule of its own, so form, types and reference agree with what the functions validate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crudctl.build import contract, files, service


def write(root: Path, document: Mapping[str, Any]) -> Path:
    """Write build/web-contract.json, which web/vite.config.js reads, and return its path."""
    path = root / "build" / "web-contract.json"
    files.write(path, json.dumps(web_contract(document), ensure_ascii=False, indent=1) + "\n")
    return path


def web_contract(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{"service", "content", "document"}` of a loaded contract, as plain data.

    `service` is the description of `build/service.json`. `content` is the flat schema of what a client may send of the
    resource. `document` is the OpenAPI document with that schema as `<resource>Content` and with each merge patch spelled
    out; the types and the reference page follow from it.

    Raises:
        contract.ContractError: A schema refers to itself or to nothing.
    """
    described, schemas = service.describe(document), document["components"]["schemas"]
    content = contract.content(contract.flatten(document, schemas[described.schema]))
    patches = {
        name: contract.flatten(document, schema) | {k: schema[k] for k in ("description",) if k in schema}
        for name, schema in schemas.items()
        if "x-merge-patch-of" in schema
    }
    components = {**document["components"], "schemas": {**schemas, **patches, f"{described.schema}Content": content}}
    return {"service": described.as_json(), "content": content, "document": {**document, "components": components}}
