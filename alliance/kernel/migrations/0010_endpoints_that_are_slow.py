"""Endpoints that were slow lately have lanes of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0009_notices_of_the_desk")]

    operations = [
        migrations.AddField("endpoint", "slow_until", models.DateTimeField(blank=True, null=True)),
    ]
