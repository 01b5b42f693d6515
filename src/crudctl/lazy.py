"""A group of commands that are imported when they are used: most need libraries that take longer to import than others run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple, cast

import click

MARGIN = 6  # columns of a line of help beside the name of a command and what it does


class Place(NamedTuple):
    """Where a command is.

    Attributes:
        module: its module, such as `crudctl.local.commands`.
        name: of the command in the module.
        summary: the first sentence of its help; a test compares the two.
    """

    module: str
    name: str
    summary: str


class Imported(Mapping[str, click.Command]):
    """Commands by name, each imported when it is looked up."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> click.Command:
        place = self._places[name]
        command: click.Command = getattr(import_module(place.module), place.name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class LazyGroup(click.Group):
    """A group that imports a command when it is used, and none for its own help.

    Args:
        places: where its commands are, by name. Without it, they are added as to any group.
    """

    def __init__(self, *args: Any, places: Mapping[str, Place] | None = None, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.places = places
        if places is not None:
            self.commands = cast("MutableMapping[str, click.Command]", Imported(places))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands and what they do, as click does."""
        if self.places is None:
            super().format_commands(ctx, formatter)
            return
        width = formatter.width - MARGIN - max(map(len, self.places))
        rows = [
            (name, click.Command(name, help=place.summary).get_short_help_str(width))
            for name, place in sorted(self.places.items())
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
