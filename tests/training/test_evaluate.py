"""The command that measures prints one figure, and with several views of an image a second one."""

import json

import pytest

from core.teach import saving
from tests.core.teach.test_saving import a_lesson
from tests.nets import a_run
from training import evaluate


def test_views_are_measured_beside_the_plain_figure(capsys):
    run = a_run()
    assert evaluate.main(["--model", run.id, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert evaluate.main(["--model", run.id, "--views", "3", "--json"]) == 0
    both = json.loads(capsys.readouterr().out)
    assert {key: both[key] for key in plain} == plain
    assert both["views"] == 3 and 0 <= both["error_views"] <= 100
    assert evaluate.main(["--model", run.id, "--views", "3"]) == 0
    assert f"{both['error_views']:.2f}% averaged over 3 views" in capsys.readouterr().out


def test_a_saved_probe_is_measured_by_cross_validation(capsys):
    lesson = a_lesson()
    run = saving.save(lesson, "my toys", with_pictures=True)
    assert evaluate.main(["--model", run.id, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["images"] == lesson.test.of == 7
    assert found["error"] == pytest.approx(100 * (1 - lesson.test.right / 7), abs=1e-3)
    assert evaluate.main(["--model", run.id, "--views", "2"]) == 2
    assert "its test is cross-validation" in capsys.readouterr().err
