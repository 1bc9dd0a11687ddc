"""The trail of what was done is written once; places in the change feed."""

from django.db import migrations

from alliance.kernel.db import APPEND_ONLY_FUNCTION, FEED_FUNCTION, append_only


class Migration(migrations.Migration):
    replaces = [("kernel", "0011_servers_of_endpoints")]  # a database at an earlier one is refused
    dependencies = [("kernel", "0001_tables")]

    operations = [
        migrations.RunSQL(APPEND_ONLY_FUNCTION, "DROP FUNCTION refuse_change()"),
        append_only("kernel_auditevent"),
        migrations.RunSQL(FEED_FUNCTION, "DROP FUNCTION feed_stamp()"),
    ]
