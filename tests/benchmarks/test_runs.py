"""The benchmark of the Runs page: what it builds, and that it prints what every benchmark prints."""

import json
import os

from benchmarks import runs as benchmark
from core.runs import comparison
from core.runs.run import Run, list_runs


def test_it_builds_runs_of_ten_rows_an_epoch():
    benchmark.build(2, 3)
    found = list_runs()
    assert len(found) == 2
    for run in found:
        assert isinstance(run, Run)
        assert [row["epoch"] for row in run.metrics() if "test_error" in row] == [1.0, 2.0, 3.0]
        assert len(run.metrics()) == 30 and run.status().state == "finished"
        assert comparison.summary(run).epochs == 3.0


def test_it_prints_one_json_object_and_leaves_the_runs_of_others_alone(monkeypatch, capsys):
    before = os.environ["ATELIER_RUNS"]
    monkeypatch.setattr(benchmark, "RUNS", 3)
    monkeypatch.setattr(benchmark, "EPOCHS", 2)
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    benchmark.main(["--json"])
    printed = json.loads(capsys.readouterr().out)
    assert (printed["name"], printed["rows"][0]["case"]) == ("runs", "3 runs of 2 epochs")
    assert set(printed["rows"][0]) == {"case", "ours", "peer", "unit", "ratio"}
    assert os.environ["ATELIER_RUNS"] == before and list_runs() == []
