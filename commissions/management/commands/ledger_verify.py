"""manage.py ledger_verify: every invariant of the books by name, and what is wrong."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commissions.verify import Result, verify


class Command(BaseCommand):
    help = "Check every invariant of the books. Exits with 1 when one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        def report(result: Result) -> None:
            mark = self.style.ERROR("BROKEN") if result.faults else self.style.SUCCESS("holds ")
            self.stdout.write(f"{mark}  {result.name:28} {result.promise}")

        sentences = verify(report)
        for sentence in sentences[:200]:
            self.stdout.write(self.style.ERROR(f"  {sentence}"))
        if sentences:
            raise CommandError(f"The books do not verify: {len(sentences)} faults.")
        self.stdout.write(self.style.SUCCESS("The books verify."))
