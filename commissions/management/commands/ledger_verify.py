"""manage.py ledger_verify: every invariant of the books by name, and what is wrong."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commissions.verify import Text, verify


class Command(BaseCommand):
    help = "Check every invariant of the books. Exits with 1 when one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        def report(name: str, promise: Text, faults: int) -> None:
            mark = self.style.SUCCESS("holds ") if not faults else self.style.ERROR("BROKEN")
            self.stdout.write(f"{mark}  {name:28} {promise}")

        sentences = verify(report)
        for sentence in sentences[:200]:
            self.stdout.write(self.style.ERROR(f"  {sentence}"))
        if sentences:
            raise CommandError(f"The books do not verify: {len(sentences)} faults.")
        self.stdout.write(self.style.SUCCESS("The books verify."))
