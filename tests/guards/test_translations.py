"""Every text a person sees exists in English, Simplified Chinese and German."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "affiliates",
    "aiassist",
    "alliance",
    "campaigns",
    "commissions",
    "merchants",
    "templates",
    "static/js",
    "locale",
)


def need_gettext() -> None:
    if shutil.which("xgettext"):
        return
    if os.environ.get("CI"):
        pytest.fail("CI must have gettext: the catalogues cannot be compared with the sources")
    pytest.skip("gettext is not installed: the catalogues were NOT compared with the sources")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """The catalogues as makemessages would write them now, beside copies of the sources."""
    need_gettext()
    copy = tmp_path_factory.mktemp("sources")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("*.pyc"))
    for file in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / file, copy)
    command = [sys.executable, "manage.py", "makemessages", "-l", "de", "-l", "zh_Hans"]
    subprocess.run([*command, "--no-obsolete", "-v", "0"], cwd=copy, check=True, timeout=120)
    return copy


@pytest.mark.parametrize("language", ["de", "zh_Hans"])
def test_the_catalogue_is_complete_and_sound(extracted, language):
    path = extracted / "locale" / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        catalogue = read_po(file)
    missing, broken = [], []
    for message in catalogue:
        if not message.id:
            continue
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy or not all(strings):
            missing.append(message.id)
        broken += [f"{message.id}: {error}" for error in message.check(catalogue)]
    assert not missing, f"{len(missing)} texts are not translated: {missing[:20]}"
    assert not broken


def test_no_text_hides_behind_a_name_that_makemessages_does_not_know():
    """It looks for `_(`, `gettext(` and their likes; under another name a text is never found."""
    sources = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    renamed = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sources
        for found in re.findall(r"\w*gettext\w* as (?!_\b)\w+", path.read_text("utf-8"))
    ]
    assert renamed == []
