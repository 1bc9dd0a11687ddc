"""Counting refused claims by reason, without a statement for each: the hot path stays free.

Each process counts for itself and writes its sums at most once a second. Figures for people; a
process that is killed takes its last second along.
"""

import threading
import time
from collections import Counter
from datetime import datetime

from django.db import connection

from alliance.kernel import clock

EVERY = 1.0  # seconds
_ADD = """
    INSERT INTO campaigns_refusal (campaign_id, minute, reason, count)
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::int[])
        AS r(campaign_id, minute, reason, count)
    WHERE EXISTS (SELECT FROM campaigns_campaign c WHERE c.id = r.campaign_id)
    ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, minute, reason)
        DO UPDATE SET count = campaigns_refusal.count + excluded.count
"""


class Refusals:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[int, datetime, str]] = Counter()
        self._written = 0.0

    def count(self, campaign_id: int, reason: str) -> None:
        """One more; what has come together is written if it is time."""
        minute = clock.now().replace(second=0, microsecond=0)
        with self._lock:
            self._counts[campaign_id, minute, reason] += 1
            if time.monotonic() - self._written < EVERY:
                return
        self.write()

    def write(self) -> None:
        """Write down what has come together."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            self._written = time.monotonic()
        if not counts:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                _ADD,
                [
                    [campaign for campaign, _minute, _reason in counts],
                    [minute for _campaign, minute, _reason in counts],
                    [reason for _campaign, _minute, reason in counts],
                    list(counts.values()),
                ],
            )


refusals = Refusals()
