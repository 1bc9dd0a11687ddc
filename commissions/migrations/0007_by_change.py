"""Commissions of an affiliate by when they last changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("commissions", "0006_sandbox_orders")]

    operations = [
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(fields=["affiliate", "updated_at"], name="commission_by_change"),
        ),
    ]
