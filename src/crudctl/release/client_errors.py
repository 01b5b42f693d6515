"""The 4xx responses in which a release compares two versions: what their contracts say of them. Pure; counts nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crudctl.build import contract, contract_changes, service
from crudctl.build.contract import ContractError
from crudctl.build.contract_changes import FORBIDDEN, INVALID
from crudctl.release.refused_odds import STATUSES

Document = Mapping[str, Any]
UNNAMED = {400, 404}  # statuses that a fault brings forth also where no contract names them
GATEWAYS = {401, 405, 429}  # statuses that API Gateway responds with itself: no function is called


def compared(old: Document | None, new: Document) -> dict[str, list[int]]:
    """Return the statuses that are compared, by function: what `new` names and UNNAMED, without what it narrows on purpose.

    Args:
        old: contract of the old versions; None if it is not known, and then nothing was narrowed.
        new: of the new ones.

    Raises:
        ContractError: The new contract cannot be described.
    """
    functions = service.describe(new).functions
    try:
        on_purpose = contract_changes.refused_on_purpose(old or new, new)
    except ContractError:  # by the rules of today the old one is none, so nobody knows what it allowed
        on_purpose = {each.id: INVALID | FORBIDDEN for operations in functions.values() for each in operations}
    named = {operation["operationId"]: operation["responses"] for _, _, operation in contract.each_operation(new)}
    found: dict[str, list[int]] = {}
    for function, operations in functions.items():
        statuses = {
            int(status) for each in operations for status in named[each.id] if re.fullmatch("4[0-9]{2}", status)
        }
        narrowed = set().union(*(on_purpose[each.id] for each in operations))
        likely = (statuses | UNNAMED) - narrowed - GATEWAYS
        found[function] = sorted(sorted(likely, key=lambda status: (status not in UNNAMED, status))[:STATUSES])
    return found
