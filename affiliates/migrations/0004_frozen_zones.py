"""Ad zones freeze until a moment; violation points keep new links away until one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0003_parts_of_others"),
    ]

    operations = [
        migrations.AddField(
            model_name="adzone",
            name="frozen_until",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="frozen until"
            ),
        ),
        migrations.AddField(
            model_name="affiliate",
            name="no_links_until",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="no new links until"
            ),
        ),
    ]
