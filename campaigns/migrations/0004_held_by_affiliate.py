"""Whether one of an affiliate's buyers still holds a coupon."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0003_boards")]

    operations = [
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                fields=["affiliate", "expires_at"],
                condition=models.Q(state="held"),
                name="claim_held_by_affiliate",
            ),
        ),
    ]
