"""Saves the emulator's state while it runs; knows services only by the name of their state file."""

from __future__ import annotations

import asyncio
import logging

from ministack import app as ministack_app
from ministack.core import persistence as ministack_persistence

from itemsctl.local.differences import Difference, register

logger = logging.getLogger("itemsctl.persistence")

INTERVAL = 2.0

SAVED_WHILE_RUNNING = register(
    Difference(
        name="saved-while-running",
        service="Emulator",
        aws="an answered write is durable",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html",
        ministack="state is written at shutdown only",
        here=f"state is written every {INTERVAL:.0f} seconds while something changes",
    )
)


async def save_forever() -> None:
    while True:
        await asyncio.sleep(INTERVAL)
        ministack_persistence.save_all(ministack_app._build_persistence_save_dict())
