from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Installed everywhere but in production: the demo's loader, pictures and shops."""

    name = "alliance.demo"
    label = "demo"
