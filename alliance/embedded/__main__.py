"""The command line: `python -m alliance.embedded demo | test | run`. `make help` says when."""

import argparse
import os
import signal
import sys

from alliance.embedded.postgres import PostgresError
from alliance.embedded.processes import ChildDied, Stopped, run_in_front, stop_on_signals
from alliance.embedded.servers import servers
from alliance.embedded.state import PROJECT, Busy, State, throw_away


def main(argv: list[str]) -> int:
    options = _parser().parse_args(argv)
    command: list[str] = options.command
    if command[:1] == ["--"]:
        command = command[1:]
    os.chdir(PROJECT)
    stop_on_signals()
    try:
        if options.what == "test":
            return test(command)
        return run(command, fresh=options.fresh)
    except Stopped as exc:
        return 128 + int(exc.args[0])
    except (PostgresError, ChildDied) as exc:
        print(f"\n{exc}", file=sys.stderr)
        if isinstance(exc, ChildDied):
            print(exc.tail, file=sys.stderr)
        return 1


def test(arguments: list[str]) -> int:
    """pytest on servers that are thrown away afterwards. Its exit code is ours.

    pytest-django reads the settings before any conftest, so the servers come first.
    """
    with throw_away() as state, servers(state, fast=True) as named:
        env = {
            **os.environ,
            **named,
            "ALLIANCE_ENV": "test",
            "MEDIA_ROOT": str(state.home / "media"),
        }
        return run_in_front(
            [sys.executable, "-m", "pytest", *arguments], env, stop_with=signal.SIGINT
        )


def run(command: list[str], *, fresh: bool) -> int:
    """A command with the servers named in its environment.

    The demo's servers and data, shared with a demo that is running; `fresh` gives it empty ones of
    its own instead, removed afterwards.
    """
    if fresh:
        with throw_away() as state, servers(state) as named:
            return run_in_front(command, _demo_env(state, named), stop_with=signal.SIGTERM)
    state = State.of_project()
    try:
        with state.hold(doing=f"running {command[0]}"), servers(state) as named:
            state.announce(doing=f"running {command[0]}", **named)
            return run_in_front(command, _demo_env(state, named), stop_with=signal.SIGTERM)
    except Busy as exc:
        named = {k: v for k, v in exc.notice.items() if k in {"DATABASE_URL", "REDIS_URL"}}
        if len(named) < 2:
            print(f"The servers are just {exc.notice['doing']}; try again.", file=sys.stderr)
            return 1
        return run_in_front(command, _demo_env(state, named), stop_with=signal.SIGTERM)


def _demo_env(state: State, named: dict[str, str]) -> dict[str, str]:
    """What the demo's processes see. Whatever you set yourself wins."""
    defaults = {
        "ALLIANCE_ENV": "demo",
        "SECRET_KEY": state.secret("django"),
        "MEDIA_ROOT": str(state.home / "media"),
    }
    return {**defaults, **os.environ, **named}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m alliance.embedded", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    test = what.add_parser("test", help="pytest on throw-away servers")
    run = what.add_parser("run", help="a command beside the demo's servers")
    run.add_argument("--fresh", action="store_true", help="empty servers, removed afterwards")
    test.add_argument("command", nargs=argparse.REMAINDER, metavar="-- pytest arguments")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- command")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
