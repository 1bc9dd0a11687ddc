"""Affiliates are matched to products here, all at once, and served from what was matched.

Taken is what an affiliate's links brought clicks or orders for, in ninety days. What those alike
take comes first; what nobody took yet is known by what it is like; and an affiliate that has hardly
taken anything is known by its audience. Then commission may move a product up, as far as the order
loses two per cent of its worth at most.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import transaction

from affiliates.models import Affiliate, AffiliateState
from aiassist.models import Dismissal, Matches
from aiassist.services.matching.goods import goods_of
from aiassist.services.matching.places import Place, placed
from aiassist.services.matching.suiting import Suiting
from aiassist.services.matching.taken import taken_lately
from aiassist.services.matching.wishes import wishes_of
from alliance.kernel import clock

BATCH = 100  # affiliates at a time, each beside every product


def matches_make() -> int:
    """Match every active affiliate anew; returns how many have something to see.

    The same facts give the same matches, so twice is as good as once.
    """
    taken = taken_lately()
    goods = goods_of(taken)
    dismissed = defaultdict[int, set[int]](set)
    for affiliate, product in Dismissal.objects.values_list("affiliate", "product"):
        dismissed[affiliate].add(product)
    active = Affiliate.objects.filter(state=AffiliateState.ACTIVE)
    affiliates = list(active.order_by("pk"))
    suiting = Suiting(goods, taken, wishes_of(affiliates))
    made = 0
    for start in range(0, len(affiliates), BATCH):
        some = affiliates[start : start + BATCH]
        found = {
            suited.affiliate: placed(suited, goods, without=dismissed[suited.affiliate])
            for suited in suiting.each([affiliate.pk for affiliate in some])
        }
        made += sum(bool(one) for one in found.values())
        _keep(found)
    Matches.objects.exclude(affiliate__in=[affiliate.pk for affiliate in affiliates]).delete()
    return made


@transaction.atomic
def _keep(found: Mapping[int, Sequence[Place]]) -> None:
    made_at = clock.now()
    Matches.objects.bulk_create(
        [
            Matches(affiliate_id=pk, places=[place.kept() for place in some], made_at=made_at)
            for pk, some in found.items()
        ],
        update_conflicts=True,
        unique_fields=["affiliate"],
        update_fields=["places", "made_at"],
    )
