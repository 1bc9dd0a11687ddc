"""Search of a million products: their words as they are searched, indexes of what can be picked."""

import django.db.models.expressions
from django.db import migrations, models

# Written the same way in the table and in a search: small letters, wide signs as plain ones, and each
# Chinese, Japanese or Korean sign three times, so that one sign alone makes a trigram.
SEARCHABLE = r"""
CREATE FUNCTION searchable(said text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(
        lower(normalize(said, NFKC)), '([\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff])', '\1\1\1', 'g'
    )
$$;
"""
# Known to the search alone (affiliates.queries.picking), so no other query carries it along.
WORDS = """
ALTER TABLE merchants_product ADD COLUMN words text COLLATE "C" GENERATED ALWAYS AS (
    searchable(title || E'\\n' || title_en || E'\\n' || title_de)
) STORED;
-- What the planner expects of a word: from a sample of a thousand titles.
ALTER TABLE merchants_product ALTER words SET STATISTICS 1000;
CREATE INDEX product_words ON merchants_product USING gin (words gin_trgm_ops);
"""


PICKABLE = models.Q(("rate_bps__gt", 0), ("state", "on_sale"))
SHOWN = ("price_minor", "rate_bps", "category", "shop")


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0005_plans_and_terms"),
    ]

    operations = [
        migrations.RunSQL(SEARCHABLE, "DROP FUNCTION searchable(text)"),
        migrations.RunSQL(WORDS, "ALTER TABLE merchants_product DROP COLUMN words"),
        migrations.RemoveIndex(
            model_name="product",
            name="product_by_sales",
        ),
        migrations.RemoveIndex(
            model_name="product",
            name="product_by_price",
        ),
        migrations.RemoveIndex(
            model_name="product",
            name="product_by_rate",
        ),
        migrations.RemoveIndex(
            model_name="product",
            name="product_by_category",
        ),
        migrations.RemoveIndex(
            model_name="product",
            name="product_titles_trgm",
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                models.OrderBy(models.F("sales_count"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=PICKABLE,
                include=SHOWN,
                name="product_by_sales",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                models.F("price_minor"),
                models.F("id"),
                condition=PICKABLE,
                include=SHOWN,
                name="product_by_price",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                models.OrderBy(models.F("rate_bps"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=PICKABLE,
                include=SHOWN,
                name="product_by_rate",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                models.OrderBy(
                    django.db.models.expressions.CombinedExpression(
                        models.F("price_minor"), "*", models.F("rate_bps")
                    ),
                    descending=True,
                ),
                models.OrderBy(models.F("id"), descending=True),
                condition=PICKABLE,
                include=SHOWN,
                name="product_by_earning",
            ),
        ),
        migrations.AddIndex(
            model_name="coupon",
            index=models.Index(
                condition=models.Q(("product", None)), fields=["shop"], name="coupon_of_whole_shop"
            ),
        ),
    ]
