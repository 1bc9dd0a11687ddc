"""Codes are compared by a key that Python makes, the same at binding and at reading."""

import unicodedata
from typing import Any

from django.db import migrations, models

TABLE = "affiliates_codebinding"


def keys_fill(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("affiliates", "CodeBinding").objects
    schema_editor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER {TABLE}_frozen")
    for pk, code in rows.values_list("pk", "coupon__code"):
        key = unicodedata.normalize("NFKC", code).strip().upper().casefold()
        rows.filter(pk=pk).update(key=key)
    schema_editor.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER {TABLE}_frozen")


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0014_second_level")]

    operations = [
        migrations.AddField(
            model_name="codebinding",
            name="key",
            field=models.TextField(default="", editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(keys_fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="codebinding",
            index=models.Index(fields=["key"], name="code_binding_by_key"),
        ),
    ]
