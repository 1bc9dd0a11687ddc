"""The set-up: pieces here; the whole of it is what brought these tests to life."""

import gettext
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from alliance.embedded.catalogues import compile_catalogue

FILE = Path(__file__).resolve().parent.parent.parent / "alliance" / "embedded" / "bootstrap.py"
LOCK = """\
uv==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
uvloop==2.0 ; sys_platform != 'win32' \\
    --hash=sha256:cc
"""


@pytest.fixture
def bootstrap(tmp_path, monkeypatch) -> ModuleType:
    """The file, loaded for a project of its own in a temporary folder; no package is fetched."""
    spec = importlib.util.spec_from_file_location("bootstrap", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    paths = {
        "PROJECT": tmp_path,
        "VENV": venv,
        "VENV_PYTHON": venv / "bin" / "python",
        "STATE": tmp_path / ".state",
        "LOCK": tmp_path / "requirements.lock",
        "STAMP": venv / "alliance-installed.json",
        "UNFINISHED": venv / "alliance-unfinished",
    }
    for name, path in paths.items():
        monkeypatch.setattr(module, name, path)
    module.LOCK.write_text(LOCK)
    return module


@pytest.fixture
def installer(bootstrap, monkeypatch) -> list[str]:
    """What the set-up would have had done, instead of doing it."""
    calls: list[str] = []

    def make() -> None:
        calls.append("environment")
        bootstrap.VENV_PYTHON.parent.mkdir(parents=True, exist_ok=True)
        bootstrap.VENV_PYTHON.touch()

    monkeypatch.setattr(bootstrap, "_make_environment", make)
    monkeypatch.setattr(bootstrap, "_get_uv", lambda: "uv")
    monkeypatch.setattr(bootstrap, "_sync_with_uv", lambda uv: calls.append("packages") or True)
    return calls


def test_old_python_is_told_what_to_do():
    """Whatever Python runs it: the sentence comes before anything an old one does not know."""
    script = (
        "import sys; sys.version_info = (3, 9, 2, 'final', 0); "
        f"exec(compile(open({str(FILE)!r}).read(), 'bootstrap', 'exec'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "This needs Python 3.11 or newer" in done.stderr
    assert "is Python 3.9." in done.stderr
    assert "make PYTHON=python3.12 demo" in done.stderr


def test_second_run_has_nothing_to_do(bootstrap, installer):
    bootstrap.main()
    assert installer == ["environment", "packages"]

    bootstrap.main()
    assert installer == ["environment", "packages"]


def test_new_lock_file_brings_the_packages_up_to_date_in_place(bootstrap, installer):
    bootstrap.main()
    bootstrap.LOCK.write_text(LOCK.replace("2.0", "2.1"))
    bootstrap.main()

    assert installer == ["environment", "packages", "packages"]


def test_environment_of_another_place_or_python_is_made_anew(bootstrap, installer):
    bootstrap.main()
    stamp = json.loads(bootstrap.STAMP.read_text())
    bootstrap.STAMP.write_text(json.dumps(stamp | {"place": "/somewhere/else"}))
    bootstrap.main()
    bootstrap.STAMP.write_text(json.dumps(stamp | {"python": "3.11.0"}))
    bootstrap.main()

    assert installer == ["environment", "packages"] * 3


def test_interrupted_installation_starts_with_a_clean_environment(
    bootstrap, installer, monkeypatch
):
    def interrupted(uv: str) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "_sync_with_uv", interrupted)
        with pytest.raises(SystemExit, match="Run it again"):
            bootstrap.main()
    assert not bootstrap.STAMP.exists()

    bootstrap.main()
    assert installer == ["environment", "environment", "packages"]
    assert bootstrap.STAMP.exists()
    assert not bootstrap.UNFINISHED.exists()


def test_pip_takes_over_where_uv_cannot(bootstrap, installer, monkeypatch):
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(bootstrap, "_sync_with_uv", lambda uv: False)
    monkeypatch.setattr(bootstrap, "_pip", lambda *arguments: asked.append(arguments))
    bootstrap.main()

    assert asked == [("install", "--require-hashes", "-r", str(bootstrap.LOCK))]


def test_failed_download_says_what_would_help(bootstrap, installer, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, stdout="Ignoring x: markers\nERROR: no route\n")
    monkeypatch.setattr(bootstrap, "_sync_with_uv", lambda uv: False)
    monkeypatch.setattr(bootstrap, "_call", lambda *arguments: failed)

    with pytest.raises(SystemExit) as caught:
        bootstrap.main()

    assert "ERROR: no route" in str(caught.value)
    assert "Ignoring" not in str(caught.value)
    assert "is this machine online" in str(caught.value)


def test_missing_venv_names_the_package_that_has_it(bootstrap, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, stdout="No module named venv")
    monkeypatch.setattr(bootstrap, "_call", lambda *arguments: failed)

    with pytest.raises(SystemExit) as caught:
        bootstrap.main()

    major, minor = sys.version_info[:2]
    assert f"apt install python{major}.{minor}-venv" in str(caught.value)


def test_first_installer_comes_from_the_lock_file_with_its_hashes(bootstrap):
    assert bootstrap._requirement("uv") == (
        "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    )


def test_translations_are_compiled_when_newer_and_guesses_left_out(bootstrap, installer, tmp_path):
    source = tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "order"\nmsgstr "Bestellung"\n\n'
        '#, fuzzy\nmsgid "commission"\nmsgstr "Kommission"\n'
    )

    target = compile_catalogue(source)

    with target.open("rb") as compiled:
        words = gettext.GNUTranslations(compiled)
    assert words.gettext("order") == "Bestellung"
    assert words.gettext("commission") == "commission"
    assert bootstrap._written(target) >= bootstrap._written(source)
