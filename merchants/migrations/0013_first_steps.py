from django.db import migrations, models

# Who has reported an order has found the way without them.
_FOUND_THE_WAY = """
    UPDATE merchants_merchant m SET first_steps_hidden_at = now()
    WHERE EXISTS (SELECT FROM merchants_order o WHERE o.merchant_id = m.id)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0002_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="merchant",
            name="first_steps_hidden_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="first steps put away at"
            ),
        ),
        migrations.RunSQL(_FOUND_THE_WAY, migrations.RunSQL.noop),
    ]
