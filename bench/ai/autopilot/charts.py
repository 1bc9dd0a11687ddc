"""Pictures of the measurements, for the docs."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from bench.ai.autopilot.judge import Flight
from bench.ai.autopilot.ours import Ours
from bench.ai.autopilot.play import played
from bench.ai.autopilot.world import World

mpl.use("Agg")
from matplotlib import pyplot as plt

COLOURS = ["#9aa5b1", "#d9a441", "#7f9f7f", "#d4380d"]
STYLE: dict[Any, Any] = {
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": "#8c8c8c", "axes.grid": True, "grid.color": "#ececec",
    "axes.axisbelow": True, "legend.frameon": False, "svg.hashsalt": "618",
}  # fmt: skip


def shares(flights: list[Flight], path: Path) -> None:
    """Penalised share of the oracle's sales, by family and policy."""
    families = list(dict.fromkeys(f.family for f in flights))
    policies = list(dict.fromkeys(f.policy for f in flights))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
        for number, (policy, colour) in enumerate(zip(policies, COLOURS, strict=True)):
            means = [
                np.mean([f.penalised for f in flights if (f.family, f.policy) == (family, policy)])
                for family in families
            ]
            place = np.arange(len(families)) + (number - 1.5) * 0.2
            axes.bar(place, means, 0.19, color=colour, label=policy)
        axes.set_xticks(range(len(families)), families)
        axes.set_ylim(0.6, 1.0)
        axes.grid(axis="x", visible=False)
        axes.set_ylabel("share of the oracle's sales, penalised")
        axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.14))
        figure.savefig(path, dpi=110)
        plt.close(figure)


def course(made: World, target: float, path: Path) -> None:
    """One flight: ROI so far, and the rates of each tier."""
    result = played(made, Ours(made, target))
    day = np.arange(1, made.days + 1)
    net, cost = (a.sum(axis=0) for a in (result.net, result.cost))
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
        left.plot(day, net / cost, color="#c9c9c9", linewidth=1, label="of the day")
        so_far = np.cumsum(net) / np.cumsum(cost)
        left.plot(day, so_far, color=COLOURS[3], linewidth=2, label="since the start")
        left.axhline(target, color="#262626", linewidth=1, linestyle="--", label="target")
        left.set(xlabel="day", ylabel="ROI", ylim=(target * 0.75, target * 1.6))
        left.legend()
        for tier, name in enumerate(("head", "mid", "tail")):
            rates = result.rate[made.tier == tier] / 100
            low, middle, high = np.percentile(rates, [10, 50, 90], axis=0)
            colour = COLOURS[3 - tier]
            right.fill_between(day, low, high, color=colour, alpha=0.15, linewidth=0)
            right.plot(day, middle, color=colour, linewidth=2, label=name)
        right.set(xlabel="day", ylabel="rate in %, eight of ten affiliates within")
        right.legend(ncols=3)
        figure.savefig(path, dpi=110)
        plt.close(figure)
