"""Runs of every kind whose names, classes, titles and messages are hostile Markdown, to test what pages make of it.

Each text ends with what it is, so that a failing test says which one was not escaped.
"""

import json
from pathlib import Path
from typing import Any

from core import images
from core.runs.run import Run
from core.style import optimisation_run, pastiche_recipe
from core.style.optimisation_recipe import OptimisationRecipe
from core.style.pastiche_recipe import PasticheRecipe
from core.transfer_learning import study as studies
from core.transfer_learning.study import Study
from tests.nets import a_run
from tests.painting import picture
from tests.runs_on_disk import ROWS, put_status

HOST = "example.org"
MARK = f"![x](https://{HOST}/a.png)"  # the beginning of every such text, unescaped
TAG = f"<img src=https://{HOST}/b.png>"  # what stands in it, unescaped, where a page draws HTML
HOSTILE = f"{MARK} {TAG} [l](javascript:alert(1)) :red[x] $a$ **b** &lt;"
# Fields of a run's `data` that hold free text: what a page shows of them others have written.
FREE = ("classes", "device", "precision", "source_title", "title", "remarks", "artist", "year")


def text(what: str) -> str:
    """Return a hostile text that ends with what it is."""
    return f"{HOSTILE} {what}"


def poisoned(value: Any, what: str) -> Any:
    """Return `value` with every text in it made hostile."""
    if isinstance(value, str):
        return text(f"{what} {value}")
    if isinstance(value, list):
        return [poisoned(one, what) for one in value]
    if isinstance(value, dict):
        return {key: poisoned(one, key) if key in FREE else one for key, one in value.items()}
    return value


def poison(run: Run, state: str = "finished", **progress: Any) -> Run:
    """Make every free text of a run hostile: its name, its note, its data and its message."""
    file = run.path / "run.json"
    record = json.loads(file.read_text())
    data = {"device": "cpu", "precision": "float32"} | record["data"]
    data = {key: poisoned(value, key) if key in FREE else _inside(value) for key, value in data.items()}
    file.write_text(json.dumps(record | {"name": text(f"name of a {run.kind} run"), "data": data}))
    (run.path / "note.json").write_text(json.dumps({"note": text("note")}))
    progress = {"step": 44, "steps": 88, "doing": text("doing")} | progress
    put_status(run, state, text(f"message of a {state} run"), **progress)
    return Run.open(run.id)


def _inside(value: Any) -> Any:
    return [poisoned(one, "") if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value


def classifier(state: str = "finished", **progress: Any) -> Run:
    """Return a poisoned run of a classifier, with weights and curves."""
    run = a_run("bn_nin")
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return poison(run, state, **({"epoch": 1.0, "epochs": 2} | progress))


def study() -> Run:
    """Return a poisoned study of transfer learning."""
    run = studies.create(Study("resnet20_cifar10", "toybox", (10,)), name="x")
    rows = [
        {"way": "linear", "pictures": 10, "cut": cut, "depth": depth, "parameters": 10, "width": 3, "penalty": 0.1,
         "test_error": 40.0}
        for depth, cut in enumerate(("image", "stack3.2"))
    ]  # fmt: skip
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    record = json.loads((run.path / "run.json").read_text())
    record["data"] |= {"classes": ["a", "b"], "source_title": "s", "title": "t", "remarks": ["r"]}
    (run.path / "run.json").write_text(json.dumps(record))
    return poison(Run.open(run.id))


def style_network() -> Run:
    """Return a poisoned training of a style network."""
    settings = pastiche_recipe.settings_of(PasticheRecipe(("dots", "night"), steps=100, network="compact"))
    run = Run.create("pastiche", settings, name="x")
    record = json.loads((run.path / "run.json").read_text())
    styles = [{"name": name, "title": name, "artist": "a", "year": "y"} for name in ("dots", "night")]
    record["data"] = {"styles": styles, "photographs": 12, "names": ["dots", "night"]}
    (run.path / "run.json").write_text(json.dumps(record))
    row = {"step": 10, "seconds": 5.0, "content": 3.0, "style": 1.0, "content/dots": 3.0, "style/dots": 1.0}
    (run.path / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    (run.path / "previews").mkdir()
    (run.path / "previews" / "dots.jpg").write_bytes(images.encode(picture(), "JPEG"))
    return poison(Run.open(run.id))


def optimisation() -> Run:
    """Return a poisoned style transfer by optimisation."""
    run = optimisation_run.create(picture(60, 80), picture(50, 50, 3), OptimisationRecipe(size=64), name="x")
    row = {"step": 1, "loss": 3.0, "content": 0.5, "style": 0.25, "variation": 0.01}
    (run.path / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    return poison(run)


def damaged(runs: Path) -> str:
    """Make a run folder with a hostile name that cannot be read; return its id."""
    id = "20260101-![x](y.png) <img src=y.png> :red[x] $a$"  # a folder's name has no slash
    (runs / id).mkdir(parents=True)
    return id


def every_kind(runs: Path) -> dict[str, str]:
    """Make such runs of every kind and return the query that shows one on each page that shows runs."""
    damaged(runs)
    failed, running = classifier("failed"), classifier("running", downloading=text("downloading"), bytes=1.0)
    net = classifier()
    return {
        "train": f"run={failed.id}",
        "train ": f"run={running.id}",
        "transfer": f"run={study().id}",
        "runs": f"run={net.id}&run={failed.id}",
        "explain": f"run={net.id}",
        "localise": f"run={net.id}",
        "mistakes": f"run={net.id}",
        "optimise": f"run={optimisation().id}",
        "train_style": f"run={style_network().id}",
    }
