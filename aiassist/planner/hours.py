"""When an affiliate's audience clicks: its own clicks by hour, else what its channel is used to."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiassist.copy.check import Channel

ENOUGH = 60  # clicks of the affiliate's own, from which on they are believed alone
APART = 3  # hours between two posts of a day
AWAKE = range(7, 24)  # nobody is to post at night

# Hours (Asia/Shanghai) in which a channel is usually read, the best first: rules of thumb, and said
# to be such wherever they decide.
USUAL: dict[str, tuple[int, ...]] = {
    Channel.WECHAT_GROUP: (20, 12, 9, 16),
    Channel.MOMENTS: (21, 12, 8, 17),
    Channel.XIAOHONGSHU: (20, 12, 17, 9),
    Channel.WEIBO: (20, 12, 8, 17),
    Channel.DOUYIN: (19, 12, 22, 8),
    Channel.EMAIL: (10, 15, 19, 8),
    Channel.WEB: (20, 10, 14, 17),
}


@dataclass(frozen=True, slots=True)
class Hour:
    """`share_bps` of the affiliate's clicks come in it; None where the channel's habit decides."""

    hour: int
    share_bps: int | None


def best_hours(clicks: Sequence[int], channel: str, count: int) -> list[Hour]:
    """The `count` hours to post at, by the clock. `clicks`: people's clicks by hour of the day.

    Hours that are too near to a better one are passed over while others are left.
    """
    total = sum(clicks)
    own = total >= ENOUGH
    usual = USUAL[channel]
    ranked = (
        sorted(AWAKE, key=lambda hour: (-clicks[hour], hour))
        if own
        else [*usual, *(hour for hour in AWAKE if hour not in usual)]
    )
    chosen: list[int] = []
    for gap in (APART, 1):
        for hour in ranked:
            if len(chosen) < count and all(abs(hour - other) >= gap for other in chosen):
                chosen.append(hour)
    return [Hour(hour, clicks[hour] * 10_000 // total if own else None) for hour in sorted(chosen)]
