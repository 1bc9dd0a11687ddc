"""What a coupon was worth to the shop is fixed when its goods are received."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0006_standings")]

    operations = [
        migrations.RemoveConstraint(model_name="claim", name="claim_paid_was_used"),
        migrations.AddField(
            model_name="claim",
            name="worth_minor",
            field=models.PositiveBigIntegerField(null=True, verbose_name="worth to the shop"),
        ),
        migrations.RunSQL(
            "UPDATE campaigns_claim SET worth_minor = paid_minor WHERE paid_minor > 0",
            migrations.RunSQL.noop,
        ),
        # The rows that were changed have deferred work, which no change of the table may follow.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=Q(paid_minor=0)
                | Q(state="used", paid_minor__lte=F("worth_minor"), worth_minor__isnull=False),
                name="claim_paid_was_used",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=Q(worth_minor=None) | Q(state="used", worth_minor__lte=F("face_minor")),
                name="claim_worth_at_most_face",
            ),
        ),
    ]
