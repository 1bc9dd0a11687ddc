from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


def _feed_begin(**_kwargs: Any) -> None:
    from alliance.kernel import feed

    feed.begin()


class KernelConfig(AppConfig):
    name = "alliance.kernel"
    label = "kernel"
    verbose_name = _("Accounts and audit")

    def ready(self) -> None:
        from alliance.kernel import schema  # noqa: F401 - registers itself

        post_migrate.connect(_feed_begin, sender=self)
        autodiscover_modules("notices")  # the kinds of notifications that each app tells
        autodiscover_modules("happenings")  # the events that each app tells other systems of
        autodiscover_modules("shelves")  # lists of products that an app chooses for affiliates
