"""Orders by when they were paid."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("merchants", "0020_in_the_feed")]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["paid_at"],
                condition=models.Q(paid_at__isnull=False),
                name="order_by_payment",
            ),
        ),
    ]
