"""Who is recorded as somebody's channel or member can end it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0009_channels")]

    operations = [
        migrations.AddField(
            "channel",
            "ended_at",
            models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
        ),
        migrations.AddConstraint(
            "channel",
            models.CheckConstraint(
                condition=models.Q(
                    ("ended_at", None), ("publisher__isnull", False), _connector="OR"
                ),
                name="channel_ended_by_publisher",
            ),
        ),
    ]
