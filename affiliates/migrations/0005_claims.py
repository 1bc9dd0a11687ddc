from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0004_frozen_zones"),
    ]

    operations = [
        migrations.AddField(
            model_name="touch",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="counts until"),
        ),
        migrations.AlterField(
            model_name="attribution",
            name="rule",
            field=models.CharField(
                choices=[
                    ("coupon", "Coupon claimed through the affiliate"),
                    ("same_product", "Click on this product"),
                    ("same_shop", "Click on another product of the shop"),
                    ("none", "Not attributed"),
                ],
                max_length=12,
                verbose_name="rule",
            ),
        ),
    ]
