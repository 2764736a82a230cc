"""The accuracy over the threshold: its lines, and the points at the threshold that is set."""

import numpy as np

from core.explain import localise
from core.explain.localise import Located
from pages.localise.chart import over_threshold


def test_points_lie_on_the_lines_at_the_threshold_that_is_set():
    maps = np.zeros((2, 8, 8), np.float32)
    maps[:, 2:6, 2:6], maps[:, 3, 3] = 0.6, 1
    located = Located(maps, np.array([[[2, 2, 6, 6]]] * 2), np.ones(2, bool))
    report = localise.evaluate(located, located, "all")
    chart = over_threshold(report, 0.8).to_dict()
    tables = list(chart["datasets"].values())
    (points,) = [rows for rows in tables if len(rows) == 3 and "threshold" in rows[0]]
    assert [(row["threshold"], row["accuracy"]) for row in points] == [(0.8, 0)] * 3  # one pixel of sixteen
    (lines,) = [rows for rows in tables if len(rows) == 3 * 99]
    below = [row["accuracy"] for row in lines if row["threshold"] < 0.6]
    assert set(below) == {100}
