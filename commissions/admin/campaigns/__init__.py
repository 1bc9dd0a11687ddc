"""The season's desk: seasons, campaigns, slates, enrolments, grants. Here and not in `campaigns`,
because publishing, pausing and closing move money."""

from commissions.admin.campaigns import campaigns, enrolments, grants, seasons, slate, stock

__all__ = ["campaigns", "enrolments", "grants", "seasons", "slate", "stock"]
