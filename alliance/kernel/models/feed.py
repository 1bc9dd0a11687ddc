"""Where the change feed of this database server begins."""

from django.db import models


class FeedBase(models.Model):
    """Where the positions of the change feed begin in this database server: one row, or none.

    A position is `base` plus the number of the transaction that wrote the row. A server counts its
    transactions by itself, so a restore into another one needs another base
    (alliance.kernel.feed).
    """

    base = models.BigIntegerField(default=0)
    server = models.BigIntegerField(help_text="PostgreSQL's own identifier of the server.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="feed_base_once")]

    def __str__(self) -> str:
        return str(self.base)
