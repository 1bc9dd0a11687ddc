"""Makes the virtual environment. Needs Python 3.11 and nothing else, so it is run as a file:

    python3 alliance/embedded/bootstrap.py

Installs what requirements.lock names, each file checked against its hash, and compiles the
translations. The second time it finds nothing to do in a few milliseconds. It may be interrupted
anywhere: the next run starts the unfinished part again.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - says so before an import that an old one lacks
    sys.exit(
        "This needs Python 3.11 or newer; {} is Python {}.{}.\n"
        "Install one (Debian, Ubuntu: apt install python3.12 python3.12-venv) and say which:\n"
        "    make PYTHON=python3.12 demo".format(sys.executable, *sys.version_info)
    )

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
VENV = PROJECT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STATE = PROJECT / ".state"
LOCK = PROJECT / "requirements.lock"
STAMP = VENV / "alliance-installed.json"
UNFINISHED = VENV / "alliance-unfinished"  # there while packages are being written
PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0"}


class SetupError(Exception):
    """What went wrong and what would help, in words for whoever typed `make`."""


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops the pip below us too
    try:
        with _alone():
            if _stamp() != _wanted():
                _install()
            _compile_catalogues()
    except SetupError as exc:
        sys.exit(f"\nThe set-up did not finish.\n{exc}")
    except PermissionError as exc:
        sys.exit(
            f"\n{exc.filename} belongs to somebody else (set up as root before?).\n"
            f"Give the folder to yourself, or remove {VENV} and {STATE}."
        )
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Run it again to go on.")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two `make` in two terminals must not write the same environment at once."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another set-up is at work; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wanted() -> dict[str, str]:
    """What the environment must have been made from."""
    return {
        "lock": hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        "place": str(VENV),  # scripts in it name this path
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if VENV_PYTHON.exists() else {}


def _install() -> None:
    started = time.monotonic()
    _say(f"Setting up in {VENV} (once; later starts skip this)")
    before, wanted = _stamp(), _wanted()
    STAMP.unlink(missing_ok=True)
    reuse = {k: before.get(k) for k in ("place", "python")} == {
        k: wanted[k] for k in ("place", "python")
    }
    if not reuse or UNFINISHED.exists():
        with _step("virtual environment"):
            _make_environment()
    UNFINISHED.touch()
    with _step("installer (uv, from the lock file)"):
        uv = _get_uv()
    with _step(f"{_count()} locked packages"):
        if not (uv and _sync_with_uv(uv)):
            _pip("install", "--require-hashes", "-r", str(LOCK))
    UNFINISHED.unlink()
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps(wanted))
    fresh.replace(STAMP)
    _say(f"Set up in {time.monotonic() - started:.0f} s")


def _make_environment() -> None:
    """Without a pip of its own where this Python has one that can be pointed at it.

    That saves seconds, and works where Debian keeps ensurepip in a package of its own.
    """
    shutil.rmtree(VENV, ignore_errors=True)
    argv = [sys.executable, "-m", "venv", str(VENV)]
    made = _call(argv + ["--without-pip"] * _has_pip())
    if made.returncode:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetupError(
            f"{sys.executable} cannot make a virtual environment:\n{_last_lines(made.stdout)}\n"
            "On Debian and Ubuntu the missing part is a package:\n"
            f"    apt install python{version}-venv"
        )


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None


def _get_uv() -> str | None:
    """uv installs many times faster than pip. None where it cannot be had; pip does it all then."""
    uv = VENV / "bin" / "uv"
    with tempfile.TemporaryDirectory() as folder:
        only = Path(folder) / "uv.lock.txt"
        only.write_text(_requirement("uv"))
        try:
            _pip("install", "--require-hashes", "--no-deps", "-r", str(only))
        except SetupError:
            return None
    return str(uv) if uv.exists() else None


def _requirement(name: str) -> str:
    """The lines of one package in the lock file, hashes included."""
    lines = iter(LOCK.read_text().splitlines())
    for line in lines:
        if line.startswith(f"{name}=="):
            block = [line]
            while block[-1].endswith("\\"):
                block.append(next(lines))
            return "\n".join(block) + "\n"
    raise SetupError(f"requirements.lock does not name {name}.")


def _count() -> int:
    return sum(not line.startswith((" ", "#")) for line in LOCK.read_text().splitlines() if line)


def _sync_with_uv(uv: str) -> bool:
    """False where uv fails: it reads other settings than pip for proxies and private indexes."""
    env = {"UV_NO_PROGRESS": "1", **os.environ, "VIRTUAL_ENV": str(VENV)}
    if ssl.get_default_verify_paths().cafile:  # the machine may trust a company's proxy
        env.setdefault("UV_SYSTEM_CERTS", "1")
    argv = [uv, "pip", "sync", "--require-hashes", "--python", str(VENV_PYTHON), str(LOCK)]
    done = _call(argv, env)
    if done.returncode:
        _say("\n    uv could not, so pip does it (slower). It said:")
        _say(textwrap.indent(_last_lines(done.stdout, 3), "    "))
    return done.returncode == 0


def _pip(*arguments: str) -> None:
    """This Python's pip pointed at the environment, or the environment's own. Raises SetupError."""
    argv = (
        [sys.executable, "-m", "pip", "--python", str(VENV_PYTHON)]
        if _has_pip()
        else [str(VENV_PYTHON), "-m", "pip"]
    )
    done = _call([*argv, "--no-input", *arguments], {**os.environ, **PIP})
    if done.returncode:
        raise SetupError(
            f"{_last_lines(done.stdout)}\n\n"
            "If a download failed: is this machine online, and does pip reach its index "
            "(proxy, PIP_INDEX_URL)? Then run the same command again; it goes on from there."
        )


def _compile_catalogues() -> None:
    """Each django.po into its django.mo, where the text is newer. The .mo are not in git."""
    catalogues = sorted(PROJECT.glob("locale/*/LC_MESSAGES/*.po"))
    stale = [po for po in catalogues if _written(po.with_suffix(".mo")) < _written(po)]
    if stale:
        script = Path(__file__).with_name("catalogues.py")
        with _step(f"translations ({', '.join(po.parent.parent.name for po in stale)})"):
            done = _call([str(VENV_PYTHON), str(script), *map(str, stale)])
            if done.returncode:
                raise SetupError(_last_lines(done.stdout))


def _written(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _call(argv: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )


def _last_lines(text: str, lines: int = 12) -> str:
    worth_reading = [line for line in text.splitlines() if line and not line.startswith("Ignoring")]
    return "\n".join(worth_reading[-lines:])


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    started = time.monotonic()
    print(f"  … {what}", end="", flush=True)
    yield
    print(f"  {time.monotonic() - started:.1f} s", flush=True)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
