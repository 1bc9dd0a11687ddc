"""Orders and products have places in the change feed."""

from django.db import migrations

from alliance.kernel.db import in_feed

# Not the sales of a product, which are counted each night.
PRODUCT = (
    *("title", "title_en", "title_de", "description", "category_id", "brand", "url"),
    *("image_url", "price_minor", "rate_bps", "state", "gtin", "group_id", "held_back", "ends_at"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0019_plans_by_autopilot"),
        ("kernel", "0006_feed_positions"),
    ]
    operations = [
        in_feed("merchants_order", by="merchant_id"),
        in_feed("merchants_product", *PRODUCT),
    ]
