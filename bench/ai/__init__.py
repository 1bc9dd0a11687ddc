"""What the advisers are worth, judged on published tables by the code that serves the alliance."""

from bench.ai import copycheck, matching, risk


def run(small: bool = False) -> None:
    matching.run(small=small)
    risk.run(small=small)
    copycheck.run(small=small)
