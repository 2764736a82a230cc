"""The content of run.json about a training, its net and its data, as frozen records by kind of training.

A folder is parsed once, as it is read. A field that is missing (an older version did not write it, or the training has
not begun), or whose value has another type because somebody edited it, is None or empty. The fields of run.json's
`settings` are known from the start, those of its `data` once the training has begun.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from core.runs.values import items, mapping, number, text, whole

Json = Mapping[str, Any]


@dataclass(frozen=True)
class NetRecord:
    """A classifier's net and the images that it was trained on, as run.json and the cards of shipped nets have it.

    `mean` and `std` are by channel, of pixels in [0, 1]; images have `side` px a side.
    """

    model: str
    dataset: str
    classes: tuple[str, ...]
    channels: int
    side: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    held_out: str

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the net that `data` describes. Raises KeyError, TypeError or ValueError where that is damaged."""
        return cls(
            model=data["model"],
            dataset=data["dataset"],
            classes=tuple(map(str, data["classes"])),
            channels=int(data["channels"]),
            side=int(data["side"]),
            mean=tuple(map(float, data["mean"])),
            std=tuple(map(float, data["std"])),
            held_out=data["held_out"],
        )

    @classmethod
    def find(cls, data: Json) -> Self | None:
        """Return the net that `data` describes; None where that is missing or damaged."""
        try:
            return cls.from_json(data)
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Record:
    """The fields of every kind of training. `steps` is the number last requested."""

    steps: int | None
    device: str | None
    precision: str
    parameters: int | None

    @staticmethod
    def common(settings: Json, data: Json) -> dict[str, Any]:
        """Return the fields that every kind has."""
        return {
            "steps": whole(data.get("steps", settings.get("steps"))),
            "device": text(data.get("device")) or None,
            "precision": text(data.get("precision")),
            "parameters": whole(data.get("parameters")),
        }


@dataclass(frozen=True)
class ClassifierRecord(Record):
    """The training of a classifier. `test_error` (percent) is that of the weights selected, measured at the end.

    `net` is None until the training has begun; `test_views` are the views that `test_error_views` averages over, and
    `views_per_image` those in the recipe. `began_from` describes how its initial weights were made.
    """

    model: str
    dataset: str
    recipe_name: str
    threads: int | None
    start_from: str
    epochs: int | None
    learning_rate: float | None
    augment: bool
    views_per_image: int
    net: NetRecord | None
    held_out: str
    selection: str
    selected_epoch: float | None
    test_error: float | None
    test_views: int | None
    test_error_views: float | None
    steps_per_epoch: int | None
    began_from: Json | None

    @classmethod
    def parse(cls, settings: Json, data: Json) -> Self:
        """Return the record of run.json's `settings` and `data`."""
        recipe = mapping(settings.get("recipe"))
        return cls(
            **cls.common(settings, data),
            model=text(settings.get("model")),
            dataset=text(settings.get("dataset")),
            recipe_name=text(settings.get("recipe_name")),
            threads=whole(settings.get("threads", 0)),
            start_from=text(settings.get("start_from")),
            epochs=whole(recipe.get("epochs")),
            learning_rate=number(recipe.get("learning_rate")),
            augment=bool(recipe.get("augment")),
            views_per_image=whole(recipe.get("test_views")) or 1,
            net=NetRecord.find(data),
            held_out=text(data.get("held_out")),
            selection=text(data.get("selection")),
            selected_epoch=number(data.get("selected_epoch")),
            test_error=number(data.get("test_error")),
            test_views=whole(data.get("test_views")),
            test_error_views=number(data.get("test_error_views")),
            steps_per_epoch=whole(data.get("steps_per_epoch")),
            began_from=mapping(data.get("began_from")) or None,
        )

    @property
    def split(self) -> str:
        """The split whose error the curves show: "test" until the training has begun."""
        return self.held_out or "test"

    @property
    def selects(self) -> bool:
        """True where the weights are selected by the validation error; else those of the last epoch are used."""
        return (self.selection or ("validation" if self.split == "validation" else "last epoch")) != "last epoch"


@dataclass(frozen=True)
class StudyRecord(Record):
    """A transfer-learning study: a `source` net, tried in some `ways` with so many `pictures` a class (0: with all).

    `cuts` are the layers whose features are tried, each with the number of parameters up to it.
    """

    source: str
    dataset: str
    ways: tuple[str, ...]
    epochs: int | None
    seed: int | None
    source_title: str
    dataset_title: str
    classes: tuple[str, ...]
    pictures: tuple[int, ...]
    cuts: tuple[tuple[str, int], ...]
    remarks: tuple[str, ...]

    @classmethod
    def parse(cls, settings: Json, data: Json) -> Self:
        """Return the record of run.json's `settings` and `data`."""
        source, dataset = text(settings.get("source")), text(settings.get("dataset"))
        cuts = [mapping(cut) for cut in items(data.get("cuts"))]
        return cls(
            **cls.common(settings, data),
            source=source,
            dataset=dataset,
            ways=tuple(map(str, items(settings.get("ways")))),
            epochs=whole(settings.get("epochs")),
            seed=whole(settings.get("seed")),
            source_title=text(data.get("source_title")) or source,
            dataset_title=text(data.get("title")) or dataset,
            classes=tuple(map(str, items(data.get("classes")))),
            pictures=tuple(count for count in map(whole, items(data.get("pictures"))) if count is not None),
            cuts=tuple((text(cut.get("name")), whole(cut.get("parameters")) or 0) for cut in cuts),
            remarks=tuple(map(str, items(data.get("remarks")))),
        )


@dataclass(frozen=True)
class PictureTrainingRecord(Record):
    """The fields of trainings on pictures, of style networks and of loss networks.

    `folders` are those in the settings, by name ("photos", "styles", "loss_networks").
    """

    folders: Mapping[str, str]
    photographs: int | None

    @classmethod
    def common(cls, settings: Json, data: Json) -> dict[str, Any]:
        """Return the fields that every training on pictures has."""
        folders = {key.removesuffix("_folder"): text(settings[key]) for key in settings if key.endswith("_folder")}
        return {**Record.common(settings, data), "folders": folders, "photographs": whole(data.get("photographs"))}


@dataclass(frozen=True)
class PaintingRecord:
    """A painting that a style network learns; `name` is that of its file, without the suffix."""

    name: str
    title: str
    artist: str
    year: str


@dataclass(frozen=True)
class StyleNetworkRecord(PictureTrainingRecord):
    """The training of a style network. `styles` are the names in the settings, `trained_styles` those of its weights.

    `grams` is a file of Gram matrices. `left_out` counts the photographs that cannot be read; `before` describes the
    training of its initial weights.
    """

    styles: tuple[str, ...]
    network: str
    width: float | None
    save_every: int | None
    start: str
    grams: str
    paintings: tuple[PaintingRecord, ...]
    trained_styles: tuple[str, ...]
    trained_width: float | None
    left_out: int | None
    before: Json | None

    @classmethod
    def parse(cls, settings: Json, data: Json) -> Self:
        """Return the record of run.json's `settings` and `data`."""
        keys = ("name", "title", "artist", "year")
        listed = [mapping(entry) for entry in items(data.get("styles"))]
        return cls(
            **cls.common(settings, data),
            styles=tuple(map(str, items(settings.get("styles")))),
            network=text(settings.get("network", "both")),
            width=number(settings.get("width")),
            save_every=whole(settings.get("save_every")),
            start=text(settings.get("start")),
            grams=text(settings.get("grams")),
            paintings=tuple(PaintingRecord(*(text(entry.get(key)) for key in keys)) for entry in listed),
            trained_styles=tuple(map(str, items(data.get("names")))),
            trained_width=number(data.get("width")),
            left_out=whole(data.get("left_out")),
            before=mapping(data.get("before")) or None,
        )

    @property
    def titles(self) -> dict[str, str]:
        """The titles of the paintings by style name, as far as they are known."""
        return {painting.name: painting.title for painting in self.paintings}


@dataclass(frozen=True)
class LossNetworkRecord(PictureTrainingRecord):
    """The training of a loss network. The pictures held out are named by their files."""

    paintings: int | None
    held_out_photographs: tuple[str, ...]
    held_out_paintings: tuple[str, ...]

    @classmethod
    def parse(cls, settings: Json, data: Json) -> Self:
        """Return the record of run.json's `settings` and `data`."""
        return cls(
            **cls.common(settings, data),
            paintings=whole(data.get("paintings")),
            held_out_photographs=tuple(map(str, items(data.get("held_out_photographs")))),
            held_out_paintings=tuple(map(str, items(data.get("held_out_paintings")))),
        )


@dataclass(frozen=True)
class OptimisationRecord(Record):
    """Style transfer by optimisation. Runs of one figure share `row`; `label` is the run's place in that figure.

    `weights` are those of content, style and variation at the start (equation 5.10); `files` is the folder of the loss
    networks, empty for the usual one.
    """

    row: str
    figure: str
    label: str
    network: str
    size: int | None
    weights: Mapping[str, float | None]
    files: str

    @classmethod
    def parse(cls, settings: Json, data: Json) -> Self:
        """Return the record of run.json's `settings` and `data`."""
        return cls(
            **cls.common(settings, data),
            row=text(settings.get("row")),
            figure=text(settings.get("figure")),
            label=text(settings.get("label")),
            network=text(settings.get("network")),
            size=whole(settings.get("size")),
            weights={name: number(settings.get(name)) for name in ("content", "style", "variation")},
            files=text(settings.get("files")),
        )
