"""Sub-ids in the address of a click, by whatever name the affiliate's tools know them."""

import json
from collections.abc import Mapping

from affiliates.services.links import SUBS, sub_clean

# Ours, then those of TUNE, impact, Awin, Taobao, JD and PDD. Our own name wins over an alias, and
# an alias over those behind it.
ALIASES = {
    "sub1": ("sub1", "subid1", "subId1", "aff_sub", "aff_sub1", "clickref", "clickref1",
             "subid", "subId", "subUnionId", "union_id", "unid", "custom_parameters.uid"),
    "sub2": ("sub2", "subid2", "subId2", "aff_sub2", "clickref2", "relation_id",
             "positionId", "custom_parameters.sid"),
    "sub3": ("sub3", "subid3", "subId3", "aff_sub3", "clickref3", "special_id"),
    "sub4": ("sub4", "subid4", "subId4", "aff_sub4", "clickref4", "sharedid", "sharedId"),
    "sub5": ("sub5", "subid5", "subId5", "aff_sub5", "clickref5", "source", "clickref6"),
}  # fmt: skip
PARAMETERS = "custom_parameters"  # PDD: a JSON object, or a mere text


def subs_in(query: Mapping[str, list[str]], of_link: tuple[str, ...]) -> dict[str, str]:
    """The link's own sub-ids, overruled one by one by those in the address."""
    if not query:
        return dict(zip(SUBS, of_link, strict=True))
    if PARAMETERS in query:
        query = {**_parameters(query[PARAMETERS][-1]), **query}
    return {name: _said(query, name) or own for name, own in zip(SUBS, of_link, strict=True)}


def _said(query: Mapping[str, list[str]], name: str) -> str:
    found = (sub_clean(query[alias][-1]) for alias in ALIASES[name] if alias in query)
    return next(filter(None, found), "")


def _parameters(text: str) -> dict[str, list[str]]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = text
    if not isinstance(said, dict):
        said = {"uid": text}
    return {
        f"{PARAMETERS}.{name}": [str(value)]
        for name, value in said.items()
        if isinstance(value, str | int)
    }
