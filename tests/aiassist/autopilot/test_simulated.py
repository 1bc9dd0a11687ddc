"""The simulator's judge is right, and a short flight in it keeps its promise."""

import numpy as np
import pytest
from scipy.optimize import linprog

from bench.ai.autopilot import oracle, rivals
from bench.ai.autopilot.judge import broken
from bench.ai.autopilot.ours import Ours
from bench.ai.autopilot.play import played
from bench.ai.autopilot.world import world_of


@pytest.mark.parametrize("budget", [None, 60.0])
def test_the_oracle_finds_the_optimum_of_the_linear_program(budget):
    chance = np.random.default_rng(5)
    rates = np.array([0.03, 0.06, 0.09, 0.12, 0.2])
    net = chance.uniform(50, 100, (6, 2, 1)) * (rates / 0.03) ** chance.uniform(0.1, 1.1, (6, 2, 1))
    cost = net * rates
    cells = net.shape[0] * net.shape[1]
    one_each = np.kron(np.eye(cells), np.ones(len(rates)))
    limits, right = [(10 * cost - net).ravel()], [0.0]
    if budget is not None:
        limits, right = [*limits, cost.ravel()], [*right, budget]
    best = linprog(-net.ravel(), A_ub=limits, b_ub=right, A_eq=one_each, b_eq=np.ones(cells))

    found = oracle.chosen(net, cost, 10.0, budget)

    largest = net.max()  # the most that sharing out one cell can be off, when two limits meet
    assert found.gmv <= -best.fun * (1 + 1e-6)
    assert found.gmv >= -best.fun - (largest if budget else 1e-4)
    assert found.cost <= (budget or np.inf) * (1 + 1e-6)


def test_a_short_flight_keeps_to_the_rules_and_its_target_and_beats_the_best_single_rate():
    made = world_of("bimodal", seed=3, days=60, size=40)
    ours = played(made, Ours(made, 7.0))
    plain = played(made, rivals.uniform_in_hindsight(made, 7.0))
    assert broken(ours) == 0
    assert ours.roi >= 7.0 * 0.995
    assert ours.gmv > plain.gmv
