"""What the advisers keep, split by noun."""

from aiassist.models.matching import Dismissal, Matches

__all__ = ["Dismissal", "Matches"]
