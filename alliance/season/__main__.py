import argparse
import os
import sys

import alliance.season
from alliance.embedded.processes import ChildDied, Family, Stopped, stop_on_signals
from alliance.embedded.screen import Steps, say
from alliance.embedded.state import throw_away
from alliance.season.rig import Rig


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m alliance.season", description=alliance.season.__doc__
    )
    parser.add_argument("--minutes", type=float, default=3.0, help="that the night lasts (3)")
    parser.add_argument("--visitors", type=int, default=2_000, help="who come (2000)")
    parser.add_argument("--seed", type=int, default=618, help="another number, another night")
    parser.add_argument("--shops", type=int, default=12, help="that take part (12)")
    parser.add_argument("--affiliates", type=int, default=36, help="that take part (36)")
    options = parser.parse_args(argv)
    stop_on_signals()
    try:
        with throw_away() as state, Family(state.record) as family:
            return _play(Rig(family, state), options)
    except Stopped:
        say("Stopped: the night is not over, and nothing is kept.")
        return 1
    except ChildDied as exc:
        say(f"\n{exc}")
        return 1


def _play(rig: Rig, options: argparse.Namespace) -> int:
    steps = Steps()
    say(f"618, one evening in {options.minutes:g} minutes, {options.visitors} visitors\n")
    with steps.step("database tables"):
        rig.manage("migrate", "--no-input")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")
    import django

    django.setup()
    from alliance.season.story import Story

    story = Story(rig, options)
    with steps.step("shops, affiliates, links") as step:
        story.prepare(step.progress)
    with steps.step("web server, Celery worker and beat"):
        rig.open()
    with steps.step("campaigns") as step:
        story.publish(step.progress)
    return story.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
