"""The operations desk's pages about advice."""

from aiassist.admin import prompts  # noqa: F401 - registers its pages
