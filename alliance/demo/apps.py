from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Installed everywhere but in production: the demo's loader, pictures and shops."""

    name = "alliance.demo"
    label = "demo"

    def ready(self) -> None:
        """Posters show the demo's pictures, which have no server of their own."""
        from alliance.demo.pictures import picture_png
        from campaigns.pictures import DRAWN_HERE

        DRAWN_HERE["/demo/pictures/"] = picture_png
