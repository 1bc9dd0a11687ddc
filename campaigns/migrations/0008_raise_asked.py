"""Above a limit one person asks for a greater budget, and another agrees."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0007_coupon_worth"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="raise_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="asked by",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="raise_minor",
            field=models.PositiveBigIntegerField(
                default=0, editable=False, verbose_name="asked on top"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=Q(raise_minor=0, raise_by=None)
                | Q(raise_minor__gt=0, raise_by__isnull=False),
                name="campaign_raise_is_asked_by_somebody",
            ),
        ),
    ]
