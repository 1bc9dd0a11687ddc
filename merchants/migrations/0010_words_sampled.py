"""Two hundred titles say enough of a word's rarity; a thousand cost 3 ms of planning per search."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("merchants", "0009_webhooks")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE merchants_product ALTER words SET STATISTICS 200",
            "ALTER TABLE merchants_product ALTER words SET STATISTICS 1000",
        )
    ]
