"""One SQLite file with the emulator's state in chunks; knows nothing of their content."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

Row = tuple[str, str, bytes | None]


class StateStore:
    """Chunks of state by (service, chunk name), written all together or not at all.

    The file is locked exclusively, so a second emulator on the same state cannot start
    (sqlite3.OperationalError). After a kill, the file has the last finished write.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS chunk (service TEXT, name TEXT, value BLOB, "
            "PRIMARY KEY (service, name)) WITHOUT ROWID"
        )

    def read(self, service: str) -> dict[str, bytes]:
        """Return all chunks of one service."""
        with self._lock:
            rows = self._db.execute("SELECT name, value FROM chunk WHERE service = ? ORDER BY name", (service,))
            return dict(rows.fetchall())

    def write(self, rows: Iterable[Row]) -> None:
        """Store the rows in one transaction; a row without a value removes its chunk."""
        kept, removed = [], []
        for service, name, value in rows:
            if value is None:
                removed.append((service, name))
            else:
                kept.append((service, name, value))
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("DELETE FROM chunk WHERE service = ? AND name = ?", removed)
                self._db.executemany("REPLACE INTO chunk VALUES (?, ?, ?)", kept)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # of some failures SQLite has rolled back itself
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()
