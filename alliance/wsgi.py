"""WSGI entry point (granian serves it: `alliance.wsgi:application`)."""

import logging
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")

django_application = get_wsgi_application()

# They need the settings and the app registry.
from affiliates import redirect  # noqa: E402
from affiliates.drain import Drainer  # noqa: E402
from alliance.kernel.front import Front  # noqa: E402
from alliance.kernel.logs import OneLine  # noqa: E402
from campaigns import door  # noqa: E402

# The web server writes the path of each request, unescaped, into a log of its own.
logging.getLogger("granian.access").addFilter(OneLine())

# Clicks and coupon pages go before Django's own way; who takes clicks also brings them home.
application = Front(
    django_application,
    {redirect.PREFIX: Drainer.with_first_click(redirect.door), door.PREFIX: door.door},
)
