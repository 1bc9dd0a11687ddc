"""How long a text may be where it goes out, and how much of it is seen before a tap.

Lengths are what the places accept; groups and e-mails have none that matters, so those are ours.
"""

from dataclasses import dataclass

from aiassist.copy.check.verdict import Channel


@dataclass(frozen=True, slots=True)
class Room:
    """`most` characters are taken; the first `seen` stand there without a tap."""

    most: int
    seen: int


ROOMS = {
    Channel.WECHAT_GROUP: Room(500, 100),
    Channel.MOMENTS: Room(1500, 100),
    Channel.XIAOHONGSHU: Room(1000, 50),
    Channel.WEIBO: Room(2000, 140),
    Channel.DOUYIN: Room(1000, 50),
    Channel.EMAIL: Room(5_000, 100),
    Channel.WEB: Room(5_000, 200),
}
