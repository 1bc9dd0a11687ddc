"""Commissions of an affiliate by when they last changed."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built while others write
    dependencies = [("commissions", "0006_sandbox_orders")]

    operations = [
        AddIndexConcurrently(
            model_name="commission",
            index=models.Index(fields=["affiliate", "updated_at"], name="commission_by_change"),
        ),
    ]
