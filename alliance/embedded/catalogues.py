"""Compiles translation catalogues: `python alliance/embedded/catalogues.py FILE.po ...`.

With no file named, all below locale/. Fuzzy entries are left out: a guess is no translation.
Run as a file, by the set-up and by the image's build.
"""

import os
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogue(source: Path) -> Path:
    """Write the .mo beside its .po, whole or not at all."""
    with source.open("rb") as text:
        catalogue = read_po(text, locale=source.parent.parent.name, abort_invalid=True)
    target = source.with_suffix(".mo")
    fresh = target.with_suffix(f".mo.{os.getpid()}")
    with fresh.open("wb") as out:
        write_mo(out, catalogue, use_fuzzy=False)
    fresh.replace(target)
    return target


if __name__ == "__main__":
    project = Path(__file__).resolve().parent.parent.parent
    named = [Path(name) for name in sys.argv[1:]]
    for path in named or sorted(project.glob("locale/*/LC_MESSAGES/*.po")):
        compile_catalogue(path)
