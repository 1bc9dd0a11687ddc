"""What was agreed is written once; products' words as they are searched; places in the feed."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

from alliance.kernel.db import append_only, frozen_but, in_feed

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
-- What the planner expects of a word: from a sample of two hundred titles.
ALTER TABLE merchants_product ALTER words SET STATISTICS 200;
CREATE INDEX product_words ON merchants_product USING gin (words gin_trgm_ops);
"""
# What of a product is told in the change feed: not its sales, which are counted each night.
PRODUCT = (
    *("title", "title_en", "title_de", "description", "category_id", "brand", "url"),
    *("image_url", "price_minor", "rate_bps", "state", "gtin", "group_id", "held_back", "ends_at"),
)


class Migration(migrations.Migration):
    replaces = [("merchants", "0022_refused_by_time")]  # a database at an earlier one is refused
    dependencies = [("merchants", "0001_tables")]

    operations = [
        append_only("merchants_terms"),
        append_only("merchants_ratelock"),
        append_only("merchants_pastcategory"),
        frozen_but("merchants_piecetake", "given_back_at"),
        TrigramExtension(),
        migrations.RunSQL(SEARCHABLE, "DROP FUNCTION searchable(text)"),
        migrations.RunSQL(WORDS, "ALTER TABLE merchants_product DROP COLUMN words"),
        in_feed("merchants_order", by="merchant_id"),
        in_feed("merchants_product", *PRODUCT),
    ]
