"""The demo's shops live on the port that the demo runs on, which may be another one next time."""

from django.db import connection

from alliance.demo.load.shops import port

_TABLES = ("merchants_product", "affiliates_link")


def addresses_follow() -> int:
    """Let product pages and links lead to the port of PUBLIC_URL. Returns how many changed."""
    changed = 0
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(
                f"UPDATE {table} SET url = regexp_replace(url, %s, %s) "  # noqa: S608
                "WHERE url ~ %s AND url !~ %s",
                [
                    r"^(http://[a-z0-9-]+\.localhost)(:\d+)?/",
                    rf"\1{port()}/",
                    r"^http://[a-z0-9-]+\.localhost(:\d+)?/",
                    rf"^http://[a-z0-9-]+\.localhost{port()}/",
                ],
            )
            changed += cursor.rowcount
    return changed
