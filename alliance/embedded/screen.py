"""What a newcomer sees: one line per step with its seconds, and at the end a box."""

import shutil
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "") -> None:
    print(text, flush=True)


class Steps:
    """Lines like `✓ demo data   12.3 s`; on a terminal the running one counts."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        plain = not _can_print("✓…")
        self.done, self.busy = ("ok", "..") if plain else ("✓", "…")

    @contextmanager
    def step(self, what: str) -> Iterator["Step"]:
        step = Step(self, what)
        step.progress("")
        yield step
        step.end()


class Step:
    def __init__(self, steps: Steps, what: str) -> None:
        self.steps, self.what = steps, what
        self.started = time.monotonic()
        self.shown = ""

    def progress(self, text: str) -> None:
        """What the step is at. In place on a terminal, a line each elsewhere."""
        if self.steps.live:
            seconds = time.monotonic() - self.started
            line = f"  {self.steps.busy} {self.what:<34}{seconds:6.0f} s   {text}"
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{_fit(line, width)}", end="", flush=True)
        elif text and text != self.shown:
            say(f"      {text}")
        self.shown = text

    def end(self) -> None:
        line = f"  {self.steps.done} {self.what:<34}{time.monotonic() - self.started:6.1f} s"
        say(f"\r\033[K{line}" if self.steps.live else line)


def box(lines: list[str]) -> str:
    """The lines in a frame. Chinese characters count as two columns."""
    if _can_print("┌─┐│"):
        top, side, bottom, bar = "┌┐", "│", "└┘", "─"
    else:
        top, side, bottom, bar = "++", "|", "++", "-"
    width = max(map(_columns, lines))
    return "\n".join(
        [
            top[0] + bar * (width + 4) + top[1],
            *(f"{side}  {line}{' ' * (width - _columns(line))}  {side}" for line in lines),
            bottom[0] + bar * (width + 4) + bottom[1],
        ]
    )


def table(rows: list[list[str]]) -> list[str]:
    """Rows with their columns aligned."""
    if not rows:
        return []
    widths = [max(map(_columns, column)) for column in zip(*rows, strict=True)]
    return [
        "   ".join(
            cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _fit(text: str, width: int) -> str:
    while _columns(text) > width:
        text = text[:-1]
    return text


def _can_print(signs: str) -> bool:
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
