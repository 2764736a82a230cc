"""The runs page, without a browser: its table, what it lays over one another, and what can be done with runs."""

import json

import pytest

from core import weights
from core.runs import archive, trash
from core.runs import run as folder
from core.runs.run import Run, list_runs
from tests.pages.app import button, texts, trainings, visit
from tests.runs_on_disk import ROWS, digits_run, put_status


@pytest.fixture(autouse=True)
def nothing_shipped(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")


def rows_of(app):
    return app.dataframe[0].value.to_dict("records")


def charts(app) -> list[dict]:
    return [json.loads(element.proto.spec) for element in app.get("vega_lite_chart")]


def plain(app) -> str:
    """Everything that is read, without the marks that keep it from being read as Markdown."""
    return texts(app).replace("\\", "")


def selected(app) -> list[str]:
    ids = app.query_params.get("run", [])
    return [ids] if isinstance(ids, str) else ids


def test_without_a_run_it_leads_to_the_first():
    app = visit("runs")
    assert not app.exception and "No run yet" in texts(app)


def test_the_table_says_what_every_run_is_and_the_newest_are_drawn():
    digits_run()
    other = digits_run("paused")
    other.set_note("Slower.")
    app = visit("runs")
    assert not app.exception and not app.error
    assert [(row["State"], row["From"], row["Net"], row["Data set"]) for row in rows_of(app)] == [
        ("Paused", "you", "BN-NiN", "Digits"),
        ("Finished", "you", "BN-NiN", "Digits"),
    ]
    first = rows_of(app)[0]
    assert (first["Error, %"], first["Evaluated on"], first["Train error, %"]) == (12.5, "test", 40.0)
    assert (first["Epochs"], first["Training preset"], first["Note"]) == (1.0, "Quick", "Slower.")
    assert len(charts(app)) == 3, "error, loss and learning rate"
    assert "same settings" in texts(app)


def test_the_address_carries_the_selection_and_an_empty_one(runs):
    first, second = digits_run(), digits_run()
    app = visit("runs", run=first.id)
    assert "Select a second run" in texts(app)
    assert first.name in json.dumps(charts(app)[0]) and second.id not in json.dumps(charts(app)[0])
    app = visit("runs", run=[first.id, second.id, "gone"])
    assert "same settings" in texts(app)
    assert "The run “gone” is not here: the others are drawn" in plain(app)
    app = visit("runs", run="none")
    assert charts(app) == [] and "Select runs" in texts(app)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"run": "gone"}, "The run “gone” is not here: the newest are drawn."),
        ({"run": ["![](//a.b/c)", "gone"]}, "and 1 more are not here: the newest are drawn."),
        ({"run": ""}, "The run “” is not here"),
        ({"run": "x" * 9000}, "…” is not here"),
        ({"x": "weeks"}, "X axis in the address is “weeks”, which cannot be used: Epochs is used."),
        ({"x": ["epoch", "time"]}, "X axis in the address has several values"),
        ({"log": "perhaps"}, "Logarithmic in the address is “perhaps”"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(query, sentence):
    digits_run()
    app = visit("runs", **query)
    assert not app.exception and not app.error
    assert sentence in plain(app) and len(charts(app)) == 3


def test_addresses_of_former_versions_still_work():
    digits_run()
    app = visit("runs", x="Steps")
    assert app.selectbox("choice of x").value == "step" and "cannot be used" not in texts(app)


def test_a_teacher_s_link_hides_controls_and_keeps_what_they_are_set_to():
    digits_run()
    app = visit("runs", hide="axes,actions,links", x="step")
    assert '"title": "step"' in json.dumps(charts(app)[0])
    assert "Delete" not in [button.label for button in app.button]


def test_shipped_runs_are_marked_drawn_and_left_as_they_are():
    run = Run.create("classifier", {"model": "nin", "dataset": "mnist"}, path=folder.shipped_root() / "nin_mnist")
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    put_status(run, "finished")
    own = digits_run()
    app = visit("runs", run=["nin_mnist", own.id])
    assert {row["From"] for row in rows_of(app)} == {"you", "Atelier"}
    assert any("Bn nin" in str(value) or "bn_nin" in str(value) for value in app.dataframe[1].value.to_numpy().flat)
    assert [field.label for field in app.text_input] == ["Name"], "only one's own runs are named"
    button(app, "Delete").click().run()
    assert [run.id for run in list_runs(shipped=True)] == ["nin_mnist"]
    app = visit("runs", run="nin_mnist")
    assert button(app, "Delete").disabled


def test_a_shipped_study_has_no_curves_here_but_a_way_to_its_page():
    run = Run.create("transfer", {"dataset": "toybox"}, path=folder.shipped_root() / "study")
    row = {"step": 1, "way": "scratch", "epoch": 16.0, "train_error": 3.0, "test_error": 9.0, "seconds": 60.0}
    (run.path / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    put_status(run, "finished")
    app = visit("runs", run="study")
    assert not app.exception and charts(app) == []
    assert "drawn on page Transfer learning" in texts(app)
    (link,) = (link for link in app.get("page_link") if "run=study" in link.query_string)
    assert link.page == "transfer"


def test_only_what_differs_is_in_the_table_of_differences():
    first, second = digits_run(), digits_run()
    record = json.loads((second.path / "run.json").read_text())
    record["settings"]["recipe"]["learning_rate"] = 0.5
    del record["settings"]["recipe"]["dropout"]  # as an older version wrote it
    (second.path / "run.json").write_text(json.dumps(record))
    app = visit("runs", run=[first.id, second.id])
    assert app.dataframe[1].value.index.tolist() == ["Learning rate"]
    assert sorted(app.dataframe[1].value.iloc[0]) == ["0.1", "0.5"]


def test_names_and_notes_are_kept_and_a_bad_name_is_a_sentence():
    run = digits_run()
    app = visit("runs", run=run.id)
    app.text_input(f"name {run.id}").set_value("Mine").run()
    app.text_area(f"note {run.id}").set_value("Good.").run()
    again = Run.open(run.path)
    assert (again.name, again.note) == ("Mine", "Good.")
    assert rows_of(app)[0]["Run"] == "Mine"
    app.text_input(f"name {run.id}").set_value("  ").run()
    assert "1 to 120 characters" in app.error[0].value
    assert Run.open(run.path).name == "Mine"


def test_delete_can_be_undone_and_the_trash_emptied():
    first, second = digits_run(), digits_run()
    app = visit("runs", run=first.id)
    button(app, "Delete").click().run()
    assert [run.id for run in list_runs()] == [second.id]
    assert selected(app) == ["none"]
    button(app, "Undo delete").click().run()
    assert len(list_runs()) == 2 and selected(app) == [first.id]
    button(app, "Delete").click().run()
    app = visit("runs")  # another visit, which knows nothing of it
    app.button(f"restore {first.id}").click().run()
    assert len(list_runs()) == 2
    trash.delete(first)
    app = visit("runs")
    next(button for button in app.button if button.label.startswith("Empty")).click().run()
    assert trash.deleted() == [] and not app.exception


def test_a_run_under_way_is_not_deleted():
    run = digits_run("running")
    app = visit("runs", run=run.id)
    button(app, "Delete").click().run()
    assert "stop it before" in app.error[0].value
    assert len(list_runs()) == 1


def test_damaged_folders_are_shown_with_their_sentence_and_break_nothing(runs):
    digits_run()
    for name, text in (("a", None), ("b", "{"), ("c", '{"version": 99}'), ("d", "[]")):
        (runs / name).mkdir()
        if text is not None:
            (runs / name / "run.json").write_text(text)
    odd = Run.create("sculpture", {"model": [], "dataset": {}}, name="*Odd* [x](y)")
    (odd.path / "metrics.jsonl").write_text('{"epoch": "x", "loss": []}\n')
    app = visit("runs")
    assert not app.exception and not app.error
    damaged = [row["Note"] for row in rows_of(app) if row["State"] == "Damaged"]
    assert len(damaged) == 4 and "it has no run.json" in "".join(damaged)
    app = visit("runs", run=["a", odd.id])
    assert not app.exception
    assert "it has no run.json" in app.error[0].value
    button(app, "Delete 2").click().run()
    assert not (runs / "a").exists()


def test_the_charts_follow_the_choice_of_axes():
    run = digits_run()
    rows = [row | {"seconds": 60.0 * row["step"]} for row in ROWS]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = visit("runs", run=run.id)
    assert '"epoch"' in json.dumps(charts(app)[0])
    app.selectbox("choice of x").set_value("time")
    app.toggle("log").set_value(False).run()
    assert not app.exception
    assert (app.query_params["x"], app.query_params["log"]) in (("time", "false"), (["time"], ["false"]))
    drawn = json.dumps(charts(app)[0])
    assert "minutes of training" in drawn and "symlog" not in drawn


def test_many_runs_are_drawn_with_few_points(runs):
    rows = [
        {"epoch": place / 10, "train_loss": 1 / place, "train_error": 10.0, "learning_rate": 0.1, "test_error": 9.0}
        for place in range(1, 2000)
    ]
    ids = []
    for _ in range(6):
        run = digits_run()
        (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        ids.append(run.id)
    app = visit("runs", run=ids)
    assert not app.exception
    proto = app.get("vega_lite_chart")[0].proto
    assert len(proto.spec) + sum(len(data.data.data) for data in proto.datasets) < 400_000


def test_the_list_of_trainings_does_not_fill_with_what_has_ended():
    for _ in range(8):
        digits_run()
    app = visit("runs")
    assert len(trainings(app, "progress")) == 4


def test_a_run_from_elsewhere_is_brought_in_and_drawn_and_anything_else_is_a_sentence():
    digits_run()
    run = digits_run()
    packed = archive.export_zip(run)
    trash.delete(run)
    app = visit("runs")
    app.file_uploader[0].set_value(("run.zip", packed, "application/zip"))
    button(app, "Import the run").click().run()
    assert not app.exception and not app.error
    assert run.id in selected(app) and len(rows_of(app)) == 2
    app.file_uploader[0].set_value(("run.zip", b"no zip", "application/zip"))
    button(app, "Import the run").click().run()
    assert "is no .zip of a run" in app.error[0].value and not app.exception


def test_runs_of_styles_are_drawn_over_steps_and_lead_to_their_page():
    run = Run.create("iterative", {"steps": 9}, name="Cat after waves")
    rows = [{"step": step, "seconds": step / 2, "content": 0.5, "style": 1 / step, "loss": 3.0} for step in (1, 2)]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    put_status(run, "running", step=2, steps=9)
    app = visit("runs", run=run.id)
    assert not app.exception
    drawn = [json.dumps(chart) for chart in charts(app)]
    assert [title in spec for title, spec in zip(("content loss", "style loss", "weighted loss"), drawn, strict=True)]
    assert all('"title": "step"' in spec for spec in drawn) and "equation 5.10" in texts(app)
    links = [link.proto for link in trainings(app, "page_link") if link.proto.label == run.name]
    assert [(link.page, link.query_string) for link in links] == [("optimise", f"run={run.id}")]
