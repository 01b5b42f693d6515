"""Records a command in a terminal as an animated SVG. `make recording` records `make demo-rollback` for the README.

    python scripts/record_demo.py OUTPUT.svg COMMAND…

The command runs for real in a pseudo-terminal; nothing is typed, cut or made up, and only the path of this folder is left out. A
picture of the screen is kept every two seconds and shown five times faster, which the title says. Where animations are switched
off, the last picture is shown.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 104, 30
EVERY, SPEED = 2.0, 5.0  # seconds between pictures; how much faster they are shown
WIDTH, HEIGHT = 8.4, 18  # of a character, in px at 14 px
LIMIT = 300_000  # bytes
COLOURS = ["#6e7681", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#f0f6fc"]
TOKEN = re.compile(
    r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|([\r\n\b])|([^\x1b\r\n\b]+)|\x1b.?", re.DOTALL
)


class Style(NamedTuple):
    """How a character looks: the number of its colour in COLOURS, or None for the usual one."""

    colour: int | None = None
    bold: bool = False
    dim: bool = False


Row = tuple[tuple[str, Style], ...]


class Picture(NamedTuple):
    """The rows on the screen, and the seconds since the command began."""

    at: float
    rows: list[Row]


class Screen:
    """What a terminal shows: text, colours, and the movements of the cursor that rich uses. Lines that scroll out are kept."""

    def __init__(self) -> None:
        self._lines: list[list[tuple[str, Style]]] = [[]]
        self._row = self._column = 0
        self._style = Style()

    def feed(self, text: str) -> None:
        """Apply what a program has printed. Escape sequences that change no character are ignored."""
        for match in TOKEN.finditer(text):
            parameters, command, control, printed = match.groups()
            if printed:
                for character in printed:
                    self._put(character)
            elif control == "\n":
                self._down()
            elif control:
                self._column = 0 if control == "\r" else max(self._column - 1, 0)
            elif command and not parameters.startswith("?"):
                self._escape(command, [int(number or 0) for number in parameters.split(";")])

    def rows(self) -> list[Row]:
        """Return the rows that are visible, each a tuple of characters with their styles."""
        return [tuple(line) for line in self._lines[-ROWS:]]

    def _put(self, character: str) -> None:
        if self._column == COLUMNS:
            self._down()
            self._column = 0
        line = self._lines[self._row]
        line.extend([(" ", Style())] * (self._column + 1 - len(line)))
        line[self._column] = (character, self._style)
        self._column += 1

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self._lines):
            self._lines.append([])

    def _escape(self, command: str, numbers: list[int]) -> None:
        line = self._lines[self._row]
        if command == "m":
            for number in numbers:
                self._style = _styled(self._style, number)
        elif command == "A":
            self._row = max(self._row - max(numbers[0], 1), len(self._lines) - ROWS, 0)
        elif command == "K":
            del line[0 if numbers[0] == 2 else self._column :]
        elif command == "J":
            del line[self._column :]
            del self._lines[self._row + 1 :]


def _styled(style: Style, number: int) -> Style:
    """Return the style after the parameter `number` of SGR (ECMA-48, 8.3.117)."""
    if number in {1, 2}:
        return style._replace(bold=style.bold or number == 1, dim=style.dim or number == 2)
    if number in {22, 39}:
        return style._replace(colour=None) if number == 39 else style._replace(bold=False, dim=False)
    if 30 <= number <= 37 or 90 <= number <= 97:
        return style._replace(colour=number % 10)
    return Style() if number == 0 else style


def pictures(command: list[str], every: float = EVERY) -> Iterator[Picture]:
    """Run the command in a terminal and yield a picture of its screen every `every` seconds, and one at the end.

    Raises:
        SystemExit: The command failed; its screen is printed.
    """
    screen = Screen()
    screen.feed(f"\x1b[32m$\x1b[0m {' '.join(command)}\r\n")
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environ = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True)
    os.close(theirs)
    started = time.monotonic()
    taken = 0.0
    yield Picture(taken, screen.rows())
    for text in _read(ours, process):
        screen.feed(text.replace(f"{ROOT}/", ""))
        if time.monotonic() - started - taken >= every:
            taken = time.monotonic() - started
            yield Picture(taken, screen.rows())
    os.close(ours)
    if process.wait() != 0:
        shown = "\n".join("".join(character for character, _ in row) for row in screen.rows())
        raise SystemExit(f"{shown}\n\nNot recorded: the command ended with exit code {process.returncode}.")
    yield Picture(time.monotonic() - started, screen.rows())


def _read(descriptor: int, process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield what is printed to a pseudo-terminal, in whole characters and escapes; an empty text when nothing was for a while."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest = ""
    while True:
        if not select.select([descriptor], [], [], 0.2)[0]:
            if process.poll() is not None:  # what it has started may still hold the terminal open
                return
            yield ""
            continue
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # EIO: the last process has closed the terminal (Linux)
            return
        if not chunk:
            return
        text = rest + decoder.decode(chunk)
        cut = re.search(r"\x1b(\[[?0-9;]*)?$", text)
        rest = cut[0] if cut else ""
        yield text[: len(text) - len(rest)]


def drawn(shown: list[Picture], title: str) -> str:
    """Return the SVG that shows the pictures one after another, and again. Rows that occur twice are in it once."""
    rows: dict[Row, int] = {}
    for picture in shown:
        for row in picture.rows:
            rows.setdefault(row, len(rows))
    width, height = COLUMNS * WIDTH + 32, ROWS * HEIGHT
    length = shown[-1].at / SPEED + 4  # seconds; the end stays for four of them
    steps = "".join(
        f"{picture.at / SPEED / length:.2%}{{transform:translateY(-{number * height}px)}}"
        for number, picture in enumerate(shown)
    )
    film = "".join(
        f'<use href="#r{rows[row]}" y="{number * height + place * HEIGHT + 14}"/>'
        for number, picture in enumerate(shown)
        for place, row in enumerate(picture.rows)
        if row
    )
    colours = "".join(f".c{number}{{fill:{colour}}}" for number, colour in enumerate(COLOURS))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height + 56}" role="img">
<title>{escape(title)}</title>
<style>
text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#c9d1d9;white-space:pre}}
.b{{font-weight:bold}}.d{{opacity:.6}}{colours}
.film{{transform:translateY(-{(len(shown) - 1) * height}px);animation:film {length:g}s step-end infinite}}
@keyframes film{{{steps}}}
@media (prefers-reduced-motion:reduce){{.film{{animation:none}}}}
</style>
<defs>{"".join(_row(row, number) for row, number in rows.items() if row)}</defs>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<text x="16" y="24" class="d">{escape(title)}</text>
<svg x="16" y="40" width="{width - 32:g}" height="{height}" viewBox="0 0 {width - 32:g} {height}" overflow="hidden">
<g class="film">{film}</g></svg>
</svg>
"""


def _row(row: Row, number: int) -> str:
    """Return one row of text, in runs of one style, each at the place of its first character."""
    runs: list[tuple[int, Style, str]] = []
    for column, (character, style) in enumerate(row):
        if runs and runs[-1][1] == style:
            runs[-1] = (runs[-1][0], style, runs[-1][2] + character)
        else:
            runs.append((column, style, character))
    spans = "".join(
        f'<tspan x="{column * WIDTH:g}"{_class(style)} textLength="{len(text) * WIDTH:g}">{escape(text, quote=False)}</tspan>'
        for column, style, text in runs
        if text.strip()
    )
    return f'<text id="r{number}" xml:space="preserve">{spans}</text>'


def _class(style: Style) -> str:
    names = [name for name, set_ in (("b", style.bold), ("d", style.dim)) if set_]
    names += [f"c{style.colour}"] if style.colour is not None else []
    return f' class="{" ".join(names)}"' if names else ""


def main() -> None:
    """Record the command of the command line and write the SVG. Exit with 1 where the command fails or the file is too large."""
    output, command = Path(sys.argv[1]), sys.argv[2:]
    shown: list[Picture] = []
    for picture in pictures(command):
        if not shown or picture.rows != shown[-1].rows:
            shown.append(picture)
    title = f"{' '.join(command)}: {shown[-1].at:.0f} s on {datetime.now(UTC):%Y-%m-%d}, shown {SPEED:g} times faster"
    text = drawn(shown, title)
    if len(text.encode()) > LIMIT:
        raise SystemExit(
            f"{output} would have {len(text.encode()):,} bytes, more than {LIMIT:,}. Raise EVERY, to keep fewer pictures."
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    print(f"{output}: {len(shown)} pictures, {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
