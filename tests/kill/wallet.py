"""The wallet that the money leaves by: Alipay's gateway as the rails' own tests know it, with an
ear for how often a transfer was asked for, and with moods."""

import random
from collections import Counter
from pathlib import Path

from tests.commissions.rails import wire_server
from tests.commissions.rails.wire_server import AlipayServer

PLANS = ["ok"] * 6 + ["garbage", "refuse", "pending"]


class Wallet(AlipayServer):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)
        self.transfers: Counter[str] = Counter()

    def _transfer(self, content):
        self.transfers[content["out_biz_no"]] += 1
        self.plan = self.dice.choice(PLANS)
        return super()._transfer(content)

    def environment(self, folder: Path) -> dict[str, str]:
        """What our side has to know of it."""
        ours, theirs = folder / "ours.pem", folder / "theirs.pem"
        ours.write_text(wire_server.private_pem(wire_server.MERCHANT))
        theirs.write_text(wire_server.public_pem(wire_server.WALLET))
        return {
            "ALIPAY_APP_ID": "2021000000",
            "ALIPAY_PRIVATE_KEY": str(ours),
            "ALIPAY_PUBLIC_KEY": str(theirs),
            "ALIPAY_GATEWAY": f"{self.url}/gateway.do",
        }
