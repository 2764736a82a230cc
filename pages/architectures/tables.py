"""Tables 4.5 and 4.6 of the thesis as data for the screen, our own figures in columns beside the printed ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import datasets, weights
from core.models import catalogue
from core.models.variants import ResNetVariant
from core.runs.record import ClassifierRecord
from core.runs.run import Run, list_runs
from core.runs.values import number

NOTE = """
What the printed tables and these count differently:

- **Wide ResNets:** the names (40 and 28) count two projections as layers, the depths of Table 4.6 (38 and 26) do not.
- **NiN on CIFAR:** Table 4.2 gives the first module 168 filters, the code published with the thesis 160. Here it is
  168, which makes the 1.6M that is printed.
- **ResNet-65 and -83, DenseNet-BC:** 683K, 868K and 768K come out only without a scale and a shift in the last
  normalisation, so these nets have none.
- **CIFAR-100:** parameters are printed for ten classes. A hundred make the last layer larger.
- **DenseNet-BC:** the stem has 24 filters, twice the growth rate, and not the 16 of the other DenseNets: so are 768K.
- **The error is of the last epoch or of weights chosen on validation images,** never the lowest test error of a run.
  Where there are several nets to choose from, the best of them stands here and is named.
"""


@dataclass(frozen=True)
class MeasuredError:
    """A test error in percent, of shipped weights or of a run; `source` names them in words."""

    model: str
    dataset: str
    augmented: bool
    error: float
    source: str


def table_4_5(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return Table 4.5, the thin residual nets on CIFAR-10 with augmentation, from the rows of `table_4_6`."""
    return [row for row in rows if _is_thin(row["key"]) and row["augmented"]]


def _is_thin(name: str) -> bool:
    variant = catalogue.variant(name)
    return isinstance(variant, ResNetVariant) and variant.widening == 1


def table_4_6(catalogued: Sequence[Mapping[str, Any]], measured: Sequence[MeasuredError]) -> list[dict[str, Any]]:
    """Return Table 4.6, a row for every error it prints, beside the lowest comparable one of the `measured` errors.

    `catalogued` are the rows of `catalogue.rows`. Errors are in percent, None where there is none.
    """
    table = []
    for row in catalogued:
        for augmented, error in ((False, row["thesis"]["error"]), (True, row["thesis"]["error_augmented"])):
            if error is None:
                continue
            same = (row["name"], row["dataset"], augmented)
            ours = [one for one in measured if (one.model, one.dataset, one.augmented) == same]
            best = min(ours, key=lambda one: one.error, default=None)
            table.append(
                {
                    "key": row["name"],
                    "dataset": row["dataset"],
                    "augmented": augmented,
                    "net": catalogue.title(row["name"]),
                    "data set": datasets.info(row["dataset"]).title + ("+" if augmented else ""),
                    "depth": row["depth"],
                    "parameters": row["parameters"],
                    "printed": printed(row["thesis"]["parameters"]),
                    "multiply-adds": row["multiply_adds"],
                    "our error": None if best is None else best.error,
                    "thesis' error": error,
                    "difference": None if best is None else best.error - error,
                    "our net": "" if best is None else best.source,
                }
            )
    return table


def printed(parameters: int) -> str:
    """Return a count as the thesis prints it: 682K, 1.6M, 15M."""
    return f"{parameters / 1e6:g}M" if parameters >= 1_000_000 else f"{parameters // 1000}K"


def measured() -> list[MeasuredError]:
    """Return the test errors of the shipped weights and of finished runs on this computer."""
    return [*_of_shipped(), *_of_runs()]


def _of_shipped() -> list[MeasuredError]:
    errors = []
    for name, card in weights.cards("classifier").items():
        error = number(card.get("error"))
        data = card.get("data", {})
        record = ClassifierRecord.parse(data | card.get("settings", {}), data)
        if error is not None:
            errors.append(_measured(record, error, f"shipped weights {name}"))
    return errors


def _of_runs() -> list[MeasuredError]:
    errors = []
    for run in list_runs("classifier"):
        if not isinstance(run, Run) or run.status().state != "finished":
            continue
        error = _test_error(run)
        if error is not None:
            errors.append(_measured(run.classifier, error, f"your run “{run.name}”"))
    return errors


def _measured(record: ClassifierRecord, error: float, source: str) -> MeasuredError:
    return MeasuredError(record.model, record.dataset, record.augment, error, source)


def _test_error(run: Run) -> float | None:
    """Return the test error of the weights that a run selected, else of its last epoch; never the lowest."""
    record = run.classifier
    if record.test_error is not None or record.held_out == "validation":
        return record.test_error
    return run.last("test_error")
