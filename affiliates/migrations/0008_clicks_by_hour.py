import django.contrib.postgres.fields
from django.db import migrations, models

# Days whose clicks are still there are counted once more, with their hours.
AGAIN = """
    INSERT INTO affiliates_clicknews (day)
    SELECT DISTINCT day FROM affiliates_clickday WHERE day > CURRENT_DATE - 90
"""


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0007_widgets_of_what_suits")]

    operations = [
        migrations.AddField(
            model_name="clickday",
            name="hours",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveIntegerField(),
                null=True,
                size=None,
                verbose_name="clicks by hour",
            ),
        ),
        migrations.RunSQL(AGAIN, migrations.RunSQL.noop),
    ]
