"""The trail of what was done is written once."""

from django.db import migrations

from alliance.kernel.db import APPEND_ONLY_FUNCTION, append_only


class Migration(migrations.Migration):
    replaces = [
        ("kernel", "0002_append_only"),
        ("kernel", "0003_notifications"),
    ]
    dependencies = [("kernel", "0001_tables")]

    operations = [
        migrations.RunSQL(APPEND_ONLY_FUNCTION, "DROP FUNCTION refuse_change()"),
        append_only("kernel_auditevent"),
    ]
