from django.db import migrations, models
from django.db.models import Q

STATES = [
    ("open", "To look at"),
    ("unusual", "Unusual ways of working"),
    ("case", "Case opened"),
    ("cleared", "Nothing wrong"),
    ("way", "How they work"),
]
WAITING = Q(("state__in", ("open", "unusual")))


class Migration(migrations.Migration):
    dependencies = [("aiassist", "0012_odds_said")]

    operations = [
        migrations.AddField(
            model_name="riskscore",
            name="unusual_bps",
            field=models.PositiveIntegerField(
                default=10_000, verbose_name="honest among those as unusual"
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="riskreview",
            name="state",
            field=models.CharField(
                choices=STATES, default="open", max_length=7, verbose_name="state"
            ),
        ),
        migrations.RemoveConstraint(model_name="riskreview", name="risk_review_one_open"),
        migrations.AddConstraint(
            model_name="riskreview",
            constraint=models.UniqueConstraint(
                condition=WAITING, fields=("affiliate",), name="risk_review_one_open"
            ),
        ),
        migrations.RemoveConstraint(
            model_name="riskreview", name="risk_review_decided_by_a_person"
        ),
        migrations.AddConstraint(
            model_name="riskreview",
            constraint=models.CheckConstraint(
                condition=(
                    Q(
                        state__in=("open", "unusual"),
                        violation=None, decided_by=None, decided_at=None,
                    )
                    | Q(
                        state="case",
                        violation__isnull=False, decided_by__isnull=False,
                        decided_at__isnull=False,
                    )
                    | (
                        Q(
                            state__in=("cleared", "way"),
                            violation=None, decided_by__isnull=False, decided_at__isnull=False,
                        )
                        & ~Q(reason="")
                    )
                ),
                name="risk_review_decided_by_a_person",
            ),
        ),
    ]  # fmt: skip
