from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TakeoutConfig(AppConfig):
    name = "alliance.takeout"
    label = "takeout"
    verbose_name = _("Takeout")

    def ready(self) -> None:
        """Its notifications have their words as soon as somebody is told."""
        from alliance.takeout import notices as _notices  # noqa: F401
