"""`python -m training.ship RUN NAME`: put a finished training into `weights/`, with the card that says what it is."""

import argparse
import json
import sys

from core import datasets, weights
from core.errors import UserError
from core.models import catalogue
from core.runs.folder import Run
from core.style import painter, trainer
from core.trainers import evaluation, trained
from training.pastiche import previews

LICENCES = {
    "digits": "MIT; the data: Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, UCI), CC BY 4.0",
    "mnist": "MIT; the data: MNIST (LeCun, Cortes and Burges), CC BY-SA 3.0",
    "cifar10": "MIT; the data: CIFAR-10 (Krizhevsky, 2009), for research and education",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.ship", description=__doc__)
    parser.add_argument("run", help="the finished run's folder or name")
    parser.add_argument("name", help="what the weights are to be called, e.g. resnet20_cifar10")
    parser.add_argument("--licence", help="of a pastiche net's photographs: what they are and how they may be used")
    given = parser.parse_args(arguments)
    try:
        run = Run.open(given.run)
        card = ship(run, given.name, given.licence)
    except UserError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(f"{given.name}: {card['title']}")
    for figure in ("error", "losses", "bfloat16_error"):
        if figure in card:
            print(f"{figure}: {card[figure]}")
    return 0


def ship(run: Run, name: str, licence: str | None = None) -> dict:
    """Write weights/NAME.safetensors and its card; returns the card.

    Raises UserError where the run has not finished, or is a pastiche net and `licence` does not say whence it learnt.
    """
    state = run.status().state
    path = run.model_path()
    if state != "finished" or path is None:
        raise UserError(f"The run {run.id} is {state}; only a finished training can be shipped.")
    card = pastiche_card(run, licence) if run.kind == "pastiche" else classifier_card(run)
    weights.write(weights.WEIGHTS / f"{name}.safetensors", weights.read(path))
    (weights.WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return card


def classifier_card(run: Run) -> dict:
    """What a classifier is, its error measured anew in float32."""
    net = trained.open_run(run)
    data = datasets.load(net.dataset)
    loss, error = evaluation.evaluate(net.net, getattr(data, net.held_out), net.mean, net.std)
    last = run.metrics()[-1]
    before = run.data.get("began_from") or {"epochs": 0, "training_seconds": 0}
    return {
        "kind": "classifier",
        "title": f"{catalogue.title(net.model)} on {data.title}",
        "error": round(error, 4),
        "loss": round(loss, 5),
        "train_error": round(last["train_error"], 4),
        "epochs": last["epoch"] + before["epochs"],
        "training_seconds": round(last["seconds"] + before["training_seconds"]),
        "hardware": run.data["device"],
        "trained_on": f"the {len(data.train)} training images of {data.title}",
        "selection": "none: the weights of the last step, whatever they scored",
        "licence": LICENCES[net.dataset],
        "settings": run.settings,
        "data": run.data,
    }


def pastiche_card(run: Run, licence: str | None) -> dict:
    """What a pastiche net is, with its error in bfloat16 measured on photographs it has not seen."""
    if not licence:
        raise UserError("A pastiche net's card needs --licence: its photographs, and how they may be used.")
    card = trainer.card_of(run, licence)
    net = painter.read_net(run.path / "model.safetensors", len(card["styles"]), card["width"])
    return card | {"bfloat16_error": round(painter.half_error(net, previews()), 5)}


if __name__ == "__main__":
    sys.exit(main())
