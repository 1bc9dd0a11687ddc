"""What a list of orders is narrowed to without a field on the page that says so: in words, each
with the address of the list without it."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from commissions.queries import report_names
from commissions.reporting import groups

_OTHERWISE = {"through": "relation", "bringer": "affiliate"}


def narrowed(
    asked: QueryDict, values: Mapping[str, Any], groupings: groups.Words, *, named: bool
) -> list[tuple[Any, str, str]]:
    """Label, words, query. Without rows nothing is `named`: a number that somebody typed must not
    tell what is called by it."""
    told = []
    for name, by in {**{by: by for by in groupings}, **_OTHERWISE}.items():
        if name in values and by in groupings and by not in groups.TIMES:
            left = asked.copy()
            for gone in (name, "page"):
                left.pop(gone, None)
            key = f"{groups.TYPED}{values[name]}" if by in groups.SUBS else str(values[name])
            names = report_names.names_of(by, [key]) if named else {}
            told.append((groupings[by], groups.words_of(by, key, names), f"?{left.urlencode()}"))
    return told
