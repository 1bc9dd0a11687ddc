"""Commissions and settlements have places in the change feed."""

from django.db import migrations

from alliance.kernel.db import in_feed


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0004_award_holds"),
        ("kernel", "0006_feed_positions"),
    ]
    operations = [
        in_feed("commissions_commission", by="affiliate_id"),
        in_feed("commissions_settlement"),
    ]
