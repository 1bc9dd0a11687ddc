"""A decision keeps what is asked of its touch, which goes when its month does."""

import django.contrib.postgres.fields
from django.db import migrations, models

FILL = """
    ALTER TABLE affiliates_attribution DISABLE TRIGGER USER;
    UPDATE affiliates_attribution a SET touched_at = t.touched_at,
        subs = CASE WHEN t.sub1 || t.sub2 || t.sub3 || t.sub4 || t.sub5 = '' THEN '{}'
                    ELSE ARRAY[t.sub1, t.sub2, t.sub3, t.sub4, t.sub5] END
    FROM affiliates_touch t WHERE t.id = a.touch_id;
    ALTER TABLE affiliates_attribution ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0009_bound_codes")]

    operations = [
        migrations.AddField(
            model_name="attribution",
            name="touched_at",
            field=models.DateTimeField(null=True, verbose_name="touched at"),
        ),
        migrations.AddField(
            model_name="attribution",
            name="subs",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=100), default=list, size=None
            ),
        ),
        migrations.AlterField(  # joined as what may be gone
            model_name="standdown",
            name="touch",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=models.DO_NOTHING,
                related_name="+",
                to="affiliates.touch",
                verbose_name="click",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="attribution",
            constraint=models.CheckConstraint(
                condition=models.Q(("touch__isnull", True), ("touched_at__isnull", True))
                | models.Q(("touch__isnull", False), ("touched_at__isnull", False)),
                name="attribution_touch_has_moment",
            ),
        ),
    ]
