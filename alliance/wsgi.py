"""WSGI entry point (granian serves it: `alliance.wsgi:application`)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")

django_application = get_wsgi_application()

from campaigns.door import Door  # noqa: E402 - it needs the settings and the app registry

application = Door(django_application)  # coupon pages and claims, before Django's own way
