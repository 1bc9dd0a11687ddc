"""Whether one of an affiliate's buyers still holds a coupon."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built while others write
    dependencies = [("campaigns", "0003_boards")]

    operations = [
        AddIndexConcurrently(
            model_name="claim",
            index=models.Index(
                fields=["affiliate", "expires_at"],
                condition=models.Q(state="held"),
                name="claim_held_by_affiliate",
            ),
        ),
    ]
