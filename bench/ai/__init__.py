"""What the advisers are worth: the code that serves the alliance, judged on published tables and in
worlds of our own making.
"""

from bench.ai import anomalies, autopilot, copycheck, matching, risk, tasks


def run(small: bool = False) -> None:
    matching.run(small=small)
    risk.run(small=small)
    tasks.run(small=small)
    copycheck.run(small=small)
    anomalies.run(small=small)
    autopilot.run(small=small)
