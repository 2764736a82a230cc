"""The results of a study in transfer learning so far, read from its run folder: points to draw, and sentences."""

from dataclasses import dataclass
from typing import Any

from core.runs.run import Run
from core.transfer_learning.study import ALL, LINEAR, TITLES, WAYS

CLEAR = 1.0  # points of accuracy below which two ways are called equal


@dataclass(frozen=True)
class ProbeResult:
    """Accuracy in percent of a linear probe on the features at a cut, learned from so many pictures a class."""

    cut: str
    depth: int
    parameters: int
    width: int
    penalty: float
    pictures: int
    accuracy: float


@dataclass(frozen=True)
class NetResult:
    """Accuracy in percent of a net trained one `way` on `images` images, `pictures` a class; `run` holds it."""

    way: str
    pictures: int
    images: int
    accuracy: float
    run: str


@dataclass(frozen=True)
class Findings:
    """All points so far, and the sentences about trainings that failed."""

    depths: tuple[ProbeResult, ...]
    nets: tuple[NetResult, ...]
    failures: tuple[str, ...]
    classes: int
    source: str
    title: str

    @property
    def chance(self) -> float:
        """The accuracy of guessing, in percent."""
        return 100 / max(1, self.classes)

    def at(self, way: str, pictures: int) -> float | None:
        """Return the accuracy of a way with so many pictures a class; None where it has not been measured."""
        return next((net.accuracy for net in self.nets if (net.way, net.pictures) == (way, pictures)), None)


def findings(run: Run) -> Findings:
    """Return the results in the rows of a study. Rows that were edited into something else are passed over."""
    rows, study = run.metrics(), run.study
    depths = tuple(_depth(row) for row in rows if row.get("way") == LINEAR and _is_whole(row, ("cut", "parameters")))
    nets = tuple(_trained(row) for row in rows if row.get("way") in WAYS and _is_whole(row, ("run", "images")))
    failures = tuple(f"{row.get('run')}: {row['message']}" for row in rows if "message" in row)
    return Findings(
        depths,
        nets,
        failures,
        len(study.classes),
        study.source_title,
        study.dataset_title,
    )


def _is_whole(row: dict[str, Any], keys: tuple[str, ...]) -> bool:
    return isinstance(row.get("test_error"), int | float) and "pictures" in row and all(key in row for key in keys)


def _depth(row: dict[str, Any]) -> ProbeResult:
    depth, parameters, width, penalty = (row.get(key, 0) for key in ("depth", "parameters", "width", "penalty"))
    return ProbeResult(str(row["cut"]), depth, parameters, width, penalty, row["pictures"], 100 - row["test_error"])


def _trained(row: dict[str, Any]) -> NetResult:
    return NetResult(row["way"], row["pictures"], row["images"], 100 - row["test_error"], str(row["run"]))


def many(pictures: int) -> str:
    """Return a number of pictures a class in words."""
    return "all pictures" if pictures == ALL else f"{pictures:,} {'picture' if pictures == 1 else 'pictures'} a class"


def about_depth(study: Findings) -> list[str]:
    """Return, in a sentence or two, at which depth the features are worth most."""
    if len({point.cut for point in study.depths}) < 2:
        return []
    most = study.depths[-1].pictures
    points = [point for point in study.depths if point.pictures == most]
    if len(points) < 2:
        return []
    best, last = max(points, key=lambda point: point.accuracy), points[-1]
    sentences = [
        f"With {many(most)}, a linear probe is right on {best.accuracy:.1f}% at {best.cut} "
        f"({best.width} features an image, {best.parameters:,} parameters before them); guessing is right on "
        f"{study.chance:.0f}%, the mean colour alone on {points[0].accuracy:.1f}%."
    ]
    if best is last:
        sentences.append("The deeper the features, the better they transfer: what the last layers learned helps here.")
    elif last.accuracy < best.accuracy - CLEAR:
        sentences.append(
            f"Later features are worth less ({last.accuracy:.1f}% at the end): the last layers have become special to "
            f"what {study.source} learned on."
        )
    return sentences


def about_pictures(study: Findings) -> list[str]:
    """Return, for each number of pictures in turn, what the features are worth against training from scratch."""
    sentences = []
    for pictures in dict.fromkeys(net.pictures for net in study.nets):
        scratch = study.at("scratch", pictures)
        others = {way: study.at(way, pictures) for way in ("frozen", "fine_tuned")}
        measured = {way: value for way, value in others.items() if value is not None}
        if scratch is None or not measured:
            continue
        best = max(measured, key=lambda way: measured[way])
        gain = measured[best] - scratch
        compared = f"{measured[best]:.1f}% {TITLES[best]} against {scratch:.1f}% from scratch"
        if gain > CLEAR:
            sentences.append(f"With {many(pictures)} the features are worth {gain:.0f} points: {compared}.")
        elif gain < -CLEAR:
            sentences.append(f"With {many(pictures)} the net does better without them: {compared}.")
        else:
            sentences.append(f"With {many(pictures)} it makes no difference: {compared}.")
    return sentences
