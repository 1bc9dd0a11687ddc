"""manage.py ledger_verify: every invariant of the books by name, and what is wrong."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from commissions.models import VerifyRun, VerifySource
from commissions.services.verification import verification_run
from commissions.verify import INVARIANTS, Result


class Command(BaseCommand):
    help = "Check every invariant of the books. Exits with 1 when one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="also what has its turn on other days: every row"
        )
        parser.add_argument("--json", action="store_true", help="the run as JSON, nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        run = verification_run(
            source=VerifySource.COMMAND,
            report=None if options["json"] else self._say,
            whole=options["all"],
        )
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(run), indent=2, ensure_ascii=False))
        if run.faults:
            raise CommandError(f"The books do not verify: {run.faults} faults.")
        if not options["json"]:
            self.stdout.write(
                self.style.SUCCESS(
                    f"The books verify: {run.checked:,} rows, {len(INVARIANTS)} invariants, "
                    f"{run.seconds} s."
                )
            )

    def _say(self, result: Result) -> None:
        mark = self.style.ERROR("BROKEN") if result.faults else self.style.SUCCESS("holds ")
        self.stdout.write(
            f"{mark}  {result.name:28} {result.checked:>12,} rows {result.seconds:7.2f} s  "
            f"{result.promise}"
        )
        for sentence in result.sentences[:20]:
            self.stdout.write(self.style.ERROR(f"        {sentence}"))
        if result.faults > 20:
            self.stdout.write(self.style.ERROR(f"        and {result.faults - 20:,} more"))


def _as_json(run: VerifyRun) -> dict[str, Any]:
    return {
        "well": run.well,
        "faults": run.faults,
        "checked": run.checked,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "seconds": run.seconds,
        "invariants": [
            {**result, "promise": str(invariant.promise)}
            for invariant, result in zip(INVARIANTS, run.results, strict=True)
        ],
    }
