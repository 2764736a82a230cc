"""`python -m core explain-faithfulness`: its table, its JSON and its errors."""

import argparse
import json

import pytest

from core.commands import faithfulness
from core.errors import UserError
from tests.nets import a_run

pytestmark = pytest.mark.slow


def explain_faithfulness(*words):
    parser = argparse.ArgumentParser()
    faithfulness.add_arguments(parser)
    return faithfulness.run(parser.parse_args([str(word) for word in words]))


def test_prints_a_table_and_json(capsys):
    run = a_run("bn_nin", name="my net")
    assert explain_faithfulness("--model", run.id, "--images", 4) == 0
    printed = capsys.readouterr().out
    assert "my net, predicted class of 4 images of the test split" in printed
    assert "(random)" in printed and "mean colour" in printed
    explain_faithfulness("--model", run.id, "--images", 3, "--method", "grad-cam", "--method", "saliency", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert [row["method"] for row in answer["rows"]] == ["grad-cam", "saliency", "random", "centre"]
    assert answer["images"] == 3 and len(answer["shares"]) == len(answer["rows"][0]["deletion_curve"]) == 33
    assert all(0 <= row["insertion"] <= 1 for row in answer["rows"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--method", "magic"), "no method"),
        (("--split", "validation"), "no validation split"),
        (("--images", "-1"), "no -1 images"),
    ],
)
def test_wrong_arguments_are_refused(words, sentence):
    with pytest.raises(UserError, match=sentence):
        explain_faithfulness("--model", a_run().id, *words)
