"""How the tests of reports read them."""

import csv
import io
from datetime import datetime

from django.urls import reverse

from alliance.kernel import clock

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)


def context_of(client, side, **query):
    response = client.get(reverse(f"commissions:{side}_report"), query)
    assert response.status_code == 200, response.status_code
    return response.context


def shown(client, side, **query):
    """The rows as they stand on the page: by name of the group its figures by name."""
    return {
        words: {column.name: text for column, text in cells}
        for words, _url, cells in context_of(client, side, **query)["rows"]
    }


def filed(client, side, **query):
    """The rows of the file, by the text in the first column, by heading."""
    response = client.get(reverse(f"commissions:{side}_report_csv"), query)
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    header, *rows = csv.reader(io.StringIO(text))
    return {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in rows}


def column(rows, name):
    """One figure of each row; rows in which it is nothing are left out."""
    return {words: row[name] for words, row in rows.items() if row[name] not in ("0", "–", "")}
