from django.db import migrations

from alliance.kernel.db import APPEND_ONLY_FUNCTION, append_only


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL(APPEND_ONLY_FUNCTION, "DROP FUNCTION refuse_change()"),
        append_only("kernel_auditevent"),
    ]
