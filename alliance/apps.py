"""The operations desk is Django's admin with a site of its own."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    default_site = "alliance.desk_site.Desk"
