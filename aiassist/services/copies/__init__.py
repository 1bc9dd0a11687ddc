"""Texts to promote with: written, edited, taken, made for many products, compared and chosen."""

from aiassist.services.copies.choices import copy_choose
from aiassist.services.copies.runs import copy_run_begin, copy_run_go_on, copy_runs_due
from aiassist.services.copies.writing import (
    Wrote,
    copies_take,
    copy_edit,
    copy_take,
    copy_write,
)

__all__ = [
    "Wrote",
    "copies_take",
    "copy_choose",
    "copy_edit",
    "copy_run_begin",
    "copy_run_go_on",
    "copy_runs_due",
    "copy_take",
    "copy_write",
]
