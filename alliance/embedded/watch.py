"""What happens while the demo runs and a person at the terminal wants to know of."""

import email
import email.policy
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

_LEVEL = re.compile(r"\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")
_ENTRY = re.compile(r"^\[?\d{4}-\d\d-\d\d[ T]")  # a log line begins with its moment
_LINK = re.compile(r"https?://[^\s<>\"]+")
_END = b"-" * 79 + b"\n"  # what Django writes below a mail; before, the file is still being written


class ErrorsInLog:
    """New errors in a log file, tracebacks included; the rest stays in the file."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.offset = path.stat().st_size if path.exists() else 0
        self.rest = ""
        self.inside = False

    def news(self) -> Iterator[str]:
        if not self.path.exists() or self.path.stat().st_size <= self.offset:
            return
        with self.path.open("rb") as log:
            log.seek(self.offset)
            fresh = log.read()
        self.offset += len(fresh)
        *lines, self.rest = (self.rest + fresh.decode(errors="replace")).split("\n")
        for line in lines:
            if _ENTRY.match(line):
                level = _LEVEL.search(line[:80])
                self.inside = level is not None and level[0] in {"ERROR", "CRITICAL"}
            if self.inside and line.strip():
                yield f"  {self.name} | {line}"


class Mails:
    """E-mails that the application wrote into a folder instead of sending them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # links to reset passwords
        self.seen = set(folder.iterdir())

    def news(self) -> Iterator[str]:
        for path in sorted(self.folder.iterdir()):
            if path not in self.seen and (written := path.read_bytes()).endswith(_END):
                self.seen.add(path)
                yield _summary(written)


def _summary(written: bytes) -> str:
    mail = email.message_from_bytes(written, policy=email.policy.default)
    part = mail.get_body(("plain", "html"))
    links = _LINK.findall(part.get_content()) if part else []
    head = f"  E-mail to {mail['to']}: {mail['subject']}"
    return "\n".join([head, *(textwrap.indent(link, "    ") for link in dict.fromkeys(links))])
