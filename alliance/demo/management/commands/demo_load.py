"""manage.py demo_load: fill an empty database with the demo's year, or fewer orders of one."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from alliance.demo.load import Occupied, Size, load
from alliance.demo.load.accounts import logins

FEWEST, MOST = 500, 100_000


class Command(BaseCommand):
    help = "Load the demo's shops, affiliates and a year of orders into an empty database."

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = os.environ.get("DEMO_ORDERS") or str(Size().orders)
        if not (wanted.isascii() and wanted.isdigit() and FEWEST <= int(wanted) <= MOST):
            raise CommandError(f"DEMO_ORDERS must be a whole number from {FEWEST} to {MOST}.")
        try:
            fresh = load(size=Size.of(int(wanted)), say=self.stdout.write)
        except Occupied as exc:
            raise CommandError(str(exc)) from exc
        home = Path(os.environ.get("ALLIANCE_STATE") or settings.BASE_DIR / ".state")
        home.mkdir(parents=True, exist_ok=True)
        (home / "demo-logins.json").write_text(json.dumps(logins(), ensure_ascii=False, indent=2))
        self.stdout.write("The demo's data is loaded." if fresh else "already there")
