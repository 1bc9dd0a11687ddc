"""The command line: `python -m alliance.embedded demo | test | run | forget`."""

import argparse
import os
import signal
import sys

from alliance.embedded.browser import find_chromium
from alliance.embedded.demo import demo, environment
from alliance.embedded.postgres import PostgresError
from alliance.embedded.processes import (
    ChildDied,
    Stopped,
    run_in_front,
    stop_on_signals,
    stop_recorded,
)
from alliance.embedded.screen import box
from alliance.embedded.servers import servers
from alliance.embedded.state import PROJECT, Busy, State, throw_away

NO_BROWSER = [
    "THE BROWSER TESTS ARE LEFT OUT: no Chromium was found.",
    "Install one (Debian, Ubuntu: apt install chromium) or name it: CHROMIUM=/path/to/chrome",
]


def main(argv: list[str]) -> int:
    options = _parser().parse_args(argv)
    os.chdir(PROJECT)
    # Containers like to set it; every process below us would compile two thousand modules anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    stop_on_signals()
    try:
        match options.what:
            case "demo":
                return demo()
            case "forget":
                return forget()
            case "test":
                return test(_command(options))
            case _:
                return run(_command(options), fresh=options.fresh)
    except Stopped as exc:
        return 128 + int(exc.args[0])
    except PermissionError as exc:
        print(
            f"\n{exc.filename} belongs to somebody else: another user started here before.\n"
            "Give it to yourself, or name another place: ALLIANCE_STATE=…",
            file=sys.stderr,
        )
        return 1
    except (PostgresError, ChildDied) as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 1


def test(arguments: list[str]) -> int:
    """pytest on servers that are thrown away afterwards. Its exit code is ours.

    pytest-django reads the settings before any conftest, so the servers come first. Files are dealt
    out to as many workers as there are cores (tests/side_by_side.py); `-n0` keeps them in one.
    """
    if not find_chromium():
        if os.environ.get("CI"):
            print("In CI the browser tests must run, and no Chromium is here.", file=sys.stderr)
            return 1
        print(box(NO_BROWSER), flush=True)
    with throw_away() as state, servers(state, fast=True) as named:
        env = {
            **os.environ,
            **named,
            "ALLIANCE_ENV": "test",
            "MEDIA_ROOT": str(state.home / "media"),
            "CLICKS_DIR": str(state.home / "clicks"),
            "TAKEOUT_DIR": str(state.home / "takeouts"),
            # What the tests leave on it goes with it (tests/pristine.py).
            "SERVER_IS_OURS": "" if "DATABASE_URL" in os.environ else "yes",
        }
        command = [sys.executable, "-m", "pytest", *_dealt_out(arguments), *arguments]
        return run_in_front(command, env, stop_with=signal.SIGINT)


def _dealt_out(arguments: list[str]) -> list[str]:
    """Options of pytest-xdist; `arguments` come after them and win."""
    if "no:xdist" in "".join(arguments):
        return []
    return ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]


def run(command: list[str], *, fresh: bool) -> int:
    """A command with the servers named in its environment.

    The demo's servers and data, shared with a demo that is running; `fresh` gives it empty ones of
    its own instead, removed afterwards.
    """
    if fresh:
        with throw_away() as state, servers(state) as named:
            return run_in_front(command, environment(state, named), stop_with=signal.SIGTERM)
    state = State.of_project()
    try:
        with state.hold(doing=f"running {command[0]}"), servers(state) as named:
            state.announce(doing=f"running {command[0]}", **named)
            return run_in_front(command, environment(state, named), stop_with=signal.SIGTERM)
    except Busy as exc:
        named = {k: v for k, v in exc.notice.items() if k in {"DATABASE_URL", "REDIS_URL"}}
        if len(named) < 2:
            print(f"The servers are just {exc.notice['doing']}; try again.", file=sys.stderr)
            return 1
        return run_in_front(command, environment(state, named), stop_with=signal.SIGTERM)


def forget() -> int:
    """Remove the demo's data, so that the next start makes it anew."""
    state = State.of_project()
    try:
        with state.hold(doing="removing the demo's data"):
            stop_recorded(state.record)
            state.wipe()
    except Busy as exc:
        print(f"In use by process {exc.notice.get('pid')}: stop it first.", file=sys.stderr)
        return 1
    return 0


def _command(options: argparse.Namespace) -> list[str]:
    words: list[str] = options.command
    return words[1:] if words[:1] == ["--"] else words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m alliance.embedded", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("demo", help="everything, with data in it, until Ctrl-C")
    what.add_parser("forget", help="remove the demo's data")
    test = what.add_parser("test", help="pytest on throw-away servers")
    run = what.add_parser("run", help="a command beside the demo's servers")
    run.add_argument("--fresh", action="store_true", help="empty servers, removed afterwards")
    test.add_argument("command", nargs=argparse.REMAINDER, metavar="-- pytest arguments")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- command")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
