from django.db import migrations

from alliance.kernel.db import append_only


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0001_initial"), ("kernel", "0002_append_only")]

    operations = [append_only("affiliates_touch"), append_only("affiliates_attribution")]
