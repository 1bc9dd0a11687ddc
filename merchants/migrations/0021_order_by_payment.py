"""Orders by when they were paid."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built while others write
    dependencies = [("merchants", "0020_in_the_feed")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["paid_at"],
                condition=models.Q(paid_at__isnull=False),
                name="order_by_payment",
            ),
        ),
    ]
