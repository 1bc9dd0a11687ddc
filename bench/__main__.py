"""`python -m bench [NAME …] [--small]`: on an empty database; it is filled and not cleaned up.

A part of a bench goes by its dotted name: `ai.autopilot`.
"""

import argparse
import os
import pkgutil
import sys
from importlib import import_module

import django

import bench

HELPERS = {
    "__main__", "claims_http", "clients", "night", "plain", "settings", "trade", "web", "world"
}  # fmt: skip


def names() -> list[str]:
    """Every bench there is."""
    return sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in HELPERS)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--small", action="store_true", help="a few seconds, to see that it works")
    options = parser.parse_args(argv)
    if unknown := {name.split(".")[0] for name in options.names} - set(names()):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from merchants.models import Merchant

    settings.DEBUG = False  # it would keep every statement in memory
    call_command("migrate", verbosity=0)
    if Merchant.objects.exists():
        print("This database is not empty, and a bench leaves much behind.", file=sys.stderr)
        return 1
    for name in options.names or names():
        print(f"\n{name}")
        import_module(f"bench.{name}").run(small=options.small)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
