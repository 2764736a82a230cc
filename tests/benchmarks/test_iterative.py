"""`python -m benchmarks.iterative --json` prints one object with a row for each peer."""

import json

from benchmarks import iterative


def test_it_prints_one_object(capsys):
    iterative.main(["--json", "--sides", "64"])
    document = json.loads(capsys.readouterr().out)
    assert document["name"] == "iterative"
    assert [set(row) for row in document["rows"]] == [{"case", "ours", "peer", "unit", "ratio"}] * 2
    assert all(row["ours"] > 0 and row["unit"] == "ms" for row in document["rows"])
    assert document["rows"][0]["case"] == "a step at 64 x 64 px against VGG-19, section 5.3.2"
