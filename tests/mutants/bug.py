"""What a planted bug is."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Bug:
    """`what` goes wrong when `old` in `file` reads `new`; `tests` are pytest's arguments."""

    name: str
    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def in_database(self) -> bool:
        """Whether the tables have to be made anew to have it."""
        return "/migrations/" in self.file

    def planted(self, root: Path = ROOT) -> str:
        """The file's text with the bug. ValueError unless `old` is there exactly once."""
        text = (root / self.file).read_text()
        if (times := text.count(self.old)) != 1:
            raise ValueError(f"{self.name}: its text is {times} times in {self.file}")
        return text.replace(self.old, self.new)
