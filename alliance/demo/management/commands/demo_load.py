"""manage.py demo_load: fill an empty database with the demo's year."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from alliance.demo.load import Occupied, load
from alliance.demo.load.accounts import logins


class Command(BaseCommand):
    help = "Load the demo's shops, affiliates and a year of orders into an empty database."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            fresh = load(say=self.stdout.write)
        except Occupied as exc:
            raise CommandError(str(exc)) from exc
        home = Path(os.environ.get("ALLIANCE_STATE") or settings.BASE_DIR / ".state")
        home.mkdir(parents=True, exist_ok=True)
        (home / "demo-logins.json").write_text(json.dumps(logins(), ensure_ascii=False, indent=2))
        self.stdout.write("The demo's data is loaded." if fresh else "already there")
