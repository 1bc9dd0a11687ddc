"""Calls to one server are counted by a column that queries and Python read alike."""

from django.db import migrations, models
from django.db.models.functions import Coalesce, Lower


class Migration(migrations.Migration):
    dependencies = [("kernel", "0010_endpoints_that_are_slow")]

    operations = [
        migrations.AddField(
            "endpoint",
            "server",
            models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    Coalesce(
                        Lower(
                            models.Func("url", models.Value("://([^/?#]*)"), function="SUBSTRING")
                        ),
                        models.Value(""),
                    ),
                    models.Value(r"\.?(:443)?$"),
                    models.Value(""),
                    function="REGEXP_REPLACE",
                ),
                output_field=models.TextField(),
            ),
        ),
    ]
