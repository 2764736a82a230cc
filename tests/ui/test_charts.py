"""Learning curves, from the rows of a run's metrics."""

import pandas as pd
import pytest

from tests.runs_on_disk import ROWS
from ui import charts


def test_the_training_curve_is_the_mean_over_the_epoch_that_ends_at_each_row():
    rows = [{"epoch": epoch, "train_error": value} for epoch, value in [(0.5, 8), (1, 4), (1.5, 2), (2, 0)]]
    assert charts.trailing_mean(rows, "train_error") == [(0.5, 8), (1, 6), (1.5, 3), (2, 1)]


def test_rows_without_numbers_are_skipped():
    rows = [{"epoch": "x", "train_error": 1.0}, {"train_error": 1.0}, {"epoch": 1, "train_error": None}]
    assert charts.trailing_mean(rows, "train_error") == []


@pytest.mark.parametrize("draw", [charts.error_curves, charts.loss_curves])
def test_each_split_has_a_line_style_of_its_own(draw):
    chart = draw(ROWS, 2, "test")
    data = chart.data
    assert isinstance(data, pd.DataFrame)
    assert list(data["split"]) == ["train", "train", "test"]
    assert chart.to_dict()["layer"][0]["encoding"]["strokeDash"]["scale"]["domain"] == ["train", "test"]


def test_a_long_history_is_thinned_and_keeps_its_end():
    rows = [{"epoch": i / 10, "learning_rate": 1 / (i + 1)} for i in range(5000)]
    data = charts.rate_curve(rows, 500).data
    assert len(data) <= 2 * charts.MAX_POINTS
    assert data["epoch"].iloc[-1] == 499.9


def test_a_loss_of_zero_has_a_place_on_the_logarithmic_axis():
    chart = charts.loss_curves([{"epoch": 1, "train_loss": 0.0}], 1, "test")
    assert (chart.data["loss"] > 0).all()


def test_no_rows_are_an_empty_chart():
    assert charts.error_curves([], 3, "test").to_dict()["layer"]
