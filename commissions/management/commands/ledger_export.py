"""manage.py ledger_export: the general ledger for beancount, hledger or ledger."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from commissions.export import DIALECTS, journal


class Command(BaseCommand):
    help = "Write the general ledger as a journal that other programs read, check and total."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=sorted(DIALECTS), required=True, dest="program")
        parser.add_argument("--currency", help="only this currency, such as CNY")
        parser.add_argument(
            "--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="last business day told"
        )
        parser.add_argument("--output", type=Path, help="a file; standard output if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        pieces = journal(options["program"], currency=options["currency"], until=options["until"])
        output: Path | None = options["output"]
        if output is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        begun = output.with_name(output.name + ".part")  # half a journal never has the name
        with begun.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        begun.replace(output)
