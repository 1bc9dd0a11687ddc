from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class KernelConfig(AppConfig):
    name = "alliance.kernel"
    label = "kernel"
    verbose_name = _("Accounts and audit")

    def ready(self) -> None:
        from alliance.kernel import schema  # noqa: F401 - registers itself

        autodiscover_modules("notices")  # the kinds of notifications that each app tells
        autodiscover_modules("happenings")  # the events that each app tells other systems of
