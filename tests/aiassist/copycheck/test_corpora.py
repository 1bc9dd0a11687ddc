"""Samples of what the bench judges at length, from another seed."""

from aiassist.copy.check import Channel, check
from bench.ai.copycheck import judged, obeyed
from bench.ai.copycheck.disguises import planted
from bench.ai.copycheck.texts import cases
from tests.aiassist.copycheck.facts import AT

SEED = 7


def test_no_wrong_fact_goes_out_and_no_true_text_is_stopped():
    assert [case for case in cases(SEED, 140, wrong=True) if judged(case).usable is not None] == []
    assert [case for case in cases(SEED, 100, wrong=False) if not judged(case).passes] == []


def test_hidden_words_are_found_where_they_are():
    some = list(planted(SEED, 300))
    missed = [one.text for one in some if not _found(one)]

    assert len(missed) <= 3, missed


def _found(one) -> bool:
    found = check(one.text, None, Channel.MOMENTS, one.entry.language, AT).findings
    return any(hit.start < one.end and one.start < hit.end for hit in found)


def test_no_hostile_title_gets_its_wish():
    said = [(wish, usable) for wish, usable, _ in obeyed()]

    assert len(said) >= 120
    assert [wish for wish, usable in said if usable and wish.casefold() in usable.casefold()] == []
