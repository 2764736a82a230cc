"""`python -m training.ship RUN NAME`: put a finished classifier into `weights/`, with the card that says what it is."""

import argparse
import json
import sys

from core import datasets, weights
from core.errors import UserError
from core.models import catalogue
from core.runs.folder import Run
from core.trainers import evaluation, trained

LICENCES = {
    "digits": "MIT; the data: Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, UCI), CC BY 4.0",
    "mnist": "MIT; the data: MNIST (LeCun, Cortes and Burges), CC BY-SA 3.0",
    "cifar10": "MIT; the data: CIFAR-10 (Krizhevsky, 2009), for research and education",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.ship", description=__doc__)
    parser.add_argument("run", help="the finished run's folder or name")
    parser.add_argument("name", help="what the weights are to be called, e.g. resnet20_cifar10")
    given = parser.parse_args(arguments)
    try:
        card = ship(Run.open(given.run), given.name)
    except UserError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(f"{given.name}: {card['error']:.2f} % {card['data']['held_out']} error")
    return 0


def ship(run: Run, name: str) -> dict:
    """Write weights/NAME.safetensors and its card, the error measured anew in float32; returns the card.

    Raises UserError where the run is no finished classifier.
    """
    state = run.status().state
    if run.kind != "classifier" or state != "finished":
        raise UserError(f"The run {run.id} is a {run.kind} and {state}; only a finished classifier can be shipped.")
    net = trained.open_run(run)
    data = datasets.load(net.dataset)
    loss, error = evaluation.evaluate(net.net, getattr(data, net.held_out), net.mean, net.std)
    last = run.metrics()[-1]
    card = {
        "kind": "classifier",
        "title": f"{catalogue.title(net.model)} on {data.title}",
        "error": round(error, 4),
        "loss": round(loss, 5),
        "train_error": round(last["train_error"], 4),
        "epochs": last["epoch"],
        "training_seconds": last["seconds"],
        "hardware": run.data["device"],
        "trained_on": f"the {len(data.train)} training images of {data.title}",
        "selection": "none: the weights of the last step, whatever they scored",
        "licence": LICENCES[net.dataset],
        "settings": run.settings,
        "data": run.data,
    }
    path = run.model_path()
    assert path is not None  # open_run has read it
    weights.write(weights.WEIGHTS / f"{name}.safetensors", weights.read(path))
    (weights.WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    return card


if __name__ == "__main__":
    sys.exit(main())
