"""The rows of a run: read whole, since an offset, from the end, and dropped for a resumed training."""

import json

from core.runs.run import Run
from core.runs.writer import writing


def make(**settings) -> Run:
    return Run.create("classifier", settings, name="A run")


def test_an_unfinished_last_line_waits_and_a_broken_one_is_passed_over():
    run = make()
    (run.path / "metrics.jsonl").write_text('{"step": 1}\nnonsense\n[2]\n{"step": 3}\n{"ste')
    rows, offset = run.metrics_since(0)
    assert rows == [{"step": 1}, {"step": 3}]
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('p": 4}\n')
    assert run.metrics_since(offset)[0] == [{"step": 4}]


def test_a_resumed_writer_starts_on_a_line_of_its_own():
    run = make()
    (run.path / "metrics.jsonl").write_text('{"step": 1}\n{"st')
    with writing(run) as writer:
        writer.log({"step": 2})
    assert run.metrics() == [{"step": 1}, {"step": 2}]


def test_rows_behind_a_checkpoint_are_dropped():
    run = make()
    with writing(run) as writer:
        for step in range(1, 6):
            writer.log({"step": step})
        writer.drop_metrics_after("step", 3)
        writer.log({"step": 4, "loss": float("nan")})
    assert run.metrics() == [{"step": 1}, {"step": 2}, {"step": 3}, {"step": 4, "loss": None}]


def test_the_last_figures_are_read_from_the_end_of_a_long_history():
    run = make()
    assert run.last("test_error") is None and run.tail() == []
    rows = [{"step": 0, "early": 7.0}]
    rows += [{"step": step, "loss": None, "x": "y" * 80} for step in range(1, 5000)]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 9')
    assert run.last("step") == 4999
    assert run.last("early") == 7.0, "however far back it stands"
    assert run.last("loss") is None and run.last("x") is None
    assert run.tail()[0]["step"] > 4000
