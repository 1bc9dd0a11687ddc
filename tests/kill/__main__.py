import argparse
import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import tests.kill
from alliance.embedded.processes import Family, stop_on_signals
from alliance.embedded.state import throw_away
from tests.kill.rig import VICTIMS, Rig
from tests.kill.wallet import Wallet

FIRST_MONTH = datetime(2005, 1, 1, tzinfo=UTC)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=tests.kill.__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=None, help="what is killed when (any number)")
    options = parser.parse_args(argv)
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"{options.rounds} rounds, seed {seed}", flush=True)
    stop_on_signals()
    for name in ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    with throw_away() as state, Family(state.record) as family:
        wallet = Wallet(seed)
        ours = {"CLICKS_DIR": str(state.home / "clicks"), **wallet.environment(state.home)}
        rig = Rig(family, state, {**settings_for_today(), **ours})
        os.environ.update(rig.environment)
        rig.run("manage.py", "migrate", "--no-input")
        return Rounds(rig, wallet, seed).run(options.rounds)


def settings_for_today() -> dict[str, str]:
    """Withdrawals are closed on the settlement day, so that is not today, wherever today is."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).day
    return {
        "ALLIANCE_ENV": "test",
        "SETTLEMENT_DAY": "28" if today < 15 else "1",
        "EMAIL_URL": "dummymail://",
        "API_RATE": "100000/min",
        **dict.fromkeys(("CLAIMS_PER_DEVICE", "CLAIMS_PER_NETWORK"), "1000000"),
        "CLAIMS_NETWORK_MOST": "1000000",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


class Rounds:
    """A month of trade each, and what has to be true when it is over."""

    def __init__(self, rig: Rig, wallet: Wallet, seed: int) -> None:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")
        django.setup()
        from tests.kill.books import Books

        self.rig, self.dice = rig, random.Random(seed)
        self.books = Books(rig, wallet, FIRST_MONTH)
        self.killed = dict.fromkeys(VICTIMS, 0)

    def run(self, rounds: int) -> int:
        began, month = time.monotonic(), FIRST_MONTH
        for number in range(rounds):
            # Everybody is killed in turn, two a round, so that few rounds leave nobody out.
            victims = [VICTIMS[(2 * number + i) % len(VICTIMS)] for i in (0, 1)]
            self.rig.revive()
            shop = self.books.shop.open(month, self.books.clicks(month), number, threads=3)
            with shop, self.books.buyers.come(self.books.stock(), threads=2):
                for victim in self.dice.sample(victims, 2):
                    time.sleep(self.dice.uniform(0.2, 1.0))
                    self.rig.kill(victim, self.dice)
                    self.killed[victim] += 1
                self.rig.revive()
                time.sleep(self.dice.uniform(0.3, 1.0))
            with self.rig.at_rest():
                faults = self.books.come_to_rest()
            print(f"{number + 1:4} {' and '.join(victims)}: {self.books.figures()}", flush=True)
            if faults:
                print("\\n".join(faults), flush=True)
                return 1
            month = (month + timedelta(days=32)).replace(day=1)
        print(f"{time.monotonic() - began:.0f} s; killed {self.killed}")
        return self.books.proved_something()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
