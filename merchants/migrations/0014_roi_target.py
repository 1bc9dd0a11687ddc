from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0013_first_steps"),
    ]

    operations = [
        migrations.AddField(
            model_name="merchant",
            name="roi_target_centi",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Sales for each 1 of commission, times 100: 800 is 8.00.",
                null=True,
                verbose_name="return aimed for",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.CheckConstraint(
                condition=models.Q(("roi_target_centi", None))
                | models.Q(("roi_target_centi__gt", 0)),
                name="merchant_roi_target_positive",
            ),
        ),
    ]
