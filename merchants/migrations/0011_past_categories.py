import django.db.models.deletion
from django.db import migrations, models

from alliance.kernel.db import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0010_words_sampled"),
    ]

    operations = [
        migrations.CreateModel(
            name="PastCategory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("until", models.DateTimeField(verbose_name="until")),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchants.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="past_categories",
                        to="merchants.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "past category",
                "verbose_name_plural": "past categories",
                "indexes": [
                    models.Index(fields=["product", "until"], name="past_category_of_product")
                ],
            },
        ),
        append_only("merchants_pastcategory"),
    ]
