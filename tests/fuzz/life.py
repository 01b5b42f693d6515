"""What may follow after each response: a resource is live, in the trash, or gone. Knows requests by method and path only."""

from __future__ import annotations

from typing import Any

LIVE, TRASHED, GONE = "live", "in the trash", "gone"


class Lives:
    """The state of each resource that was seen, by its id; one that was not seen may be in any state."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}

    def see(self, case: Any, response: Any) -> None:
        """Follow one response. Raise AssertionError if it shows a resource that does not exist, or brings one back.

        A replay repeats an earlier response, and changes nothing.
        """
        if response.status_code not in (200, 201, 204, 304):
            return
        path, inside = case.operation.path, "{id}" in case.operation.path
        if case.method == "GET" and not inside:
            return
        resource = case.path_parameters["id"] if inside else response.json()["id"]
        before, where = self._states.get(resource), f"{case.method} {path} responded with {response.status_code}"
        replayed = "idempotent-replayed" in {name.lower() for name in response.headers}
        if case.method == "DELETE":
            if not replayed:
                assert before != GONE, f"{where} for what is gone"
                self._states[resource] = GONE if str((case.query or {}).get("purge")).lower() == "true" else TRASHED
        elif path.endswith("/restore") and not replayed:
            assert before in (TRASHED, None), f"{where} for what is {before}"
            self._states[resource] = LIVE
        else:
            assert before in (LIVE, None), f"{where} for what is {before}"
            self._states[resource] = LIVE
