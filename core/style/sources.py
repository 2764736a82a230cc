"""The loss networks by name: the layers that each usually compares, and whether and how it can be opened here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core import weights
from core.datasets.download import silent
from core.datasets.registry import data_root
from core.datasets.split import Progress
from core.errors import UserError
from core.style import compact, loss_networks, vgg
from core.style.loss_networks import CONTENT_LAYERS, STYLE_LAYERS, LossNetwork, LossNetworks, SqueezeNet, Vgg19

Network = LossNetwork | LossNetworks


@dataclass(frozen=True)
class Layers:
    """The layers that are compared, each with its weight: the sets C and S of section 5.2."""

    content: dict[str, float]
    style: dict[str, float]


def equal(*names: str) -> dict[str, float]:
    """Return the same weight for each layer; they add up to one."""
    return {name: 1 / len(names) for name in names}


# Keras, which the thesis used, counts the ReLU as part of a convolution: its conv4_2 is relu4_2 here. Section 5.4.3
# names conv_1_2 twice; relu2_2 stands for the second, as in Johnson et al. (2016), whom it follows.
PRESETS = {
    "section 5.3.2": Layers(equal("relu4_2"), equal("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")),
    "section 5.4.3": Layers(equal("relu2_2"), equal("relu1_2", "relu2_2", "relu3_3", "relu4_3")),
    "both": Layers(equal(*CONTENT_LAYERS), equal(*STYLE_LAYERS)),
    "compact": Layers(equal(*compact.CONTENT), equal(*compact.STYLE)),
}


@dataclass(frozen=True)
class Source:
    """A loss network by name: `preset` is a key of PRESETS, `needs` what to do where it is not at hand."""

    name: str
    title: str
    layers: tuple[str, ...]
    preset: str
    needs: str

    @property
    def usual(self) -> Layers:
        """Return the layers that are compared unless a recipe names others."""
        return PRESETS[self.preset]


KNOWN = {
    source.name: source
    for source in (
        Source(
            "compact",
            "Compact (built in)",
            compact.Compact.layers,
            "compact",
            "It is not part of this copy yet; train it with python -m training.loss_network, or take VGG-19.",
        ),
        Source(
            "vgg19",
            "VGG-19 (the thesis)",
            vgg.layer_names("vgg19"),
            "section 5.3.2",
            f"It is fetched once, {vgg.MEGABYTES['vgg19']} MB, and then works without a network.",
        ),
        Source(
            "vgg16",
            "VGG-16",
            vgg.layer_names("vgg16"),
            "section 5.4.3",
            f"It is fetched once, {vgg.MEGABYTES['vgg16']} MB, and then works without a network.",
        ),
        Source(
            "both",
            "VGG-19 and SqueezeNet",
            LossNetworks.layers,
            "both",
            f"Put {Vgg19.file} and {SqueezeNet.file} into the folder of the loss networks.",
        ),
    )
}


def source(name: str) -> Source:
    """Return the loss network of that name. Raises UserError, listing the names, where there is none."""
    if name not in KNOWN:
        raise UserError(f"There is no loss network {name!r}; choose one of {', '.join(KNOWN)}.")
    return KNOWN[name]


def folder() -> Path:
    """Return the folder of loss networks that are no part of Atelier."""
    return data_root() / "loss_networks"


def compact_path() -> Path:
    """Return the path of compact's weights."""
    return weights.WEIGHTS / "compact.safetensors"


def at_hand(name: str, files: Path | None = None) -> bool:
    """Return whether the network can be opened without a download; `files`, else `folder()`, is searched for "both"."""
    source(name)
    if name == "compact":
        return compact_path().is_file()
    if name == "both":
        return all(((files or folder()) / network.file).is_file() for network in (Vgg19, SqueezeNet))
    return vgg.path_of(name).is_file()


def can_be_fetched(name: str) -> bool:
    """Return whether a network that is not at hand can be downloaded."""
    return name in vgg.DEPTHS


def names(files: Path | None = None) -> tuple[str, ...]:
    """Return the names of the loss networks that can be used here, those at hand first."""
    usable = [name for name in KNOWN if at_hand(name, files) or can_be_fetched(name)]
    return tuple(sorted(usable, key=lambda name: not at_hand(name, files)))


def load(name: str, files: Path | None = None, progress: Progress = silent) -> Network:
    """Return the network, frozen; downloaded where missing, with calls of `progress`. Raises UserError."""
    openers: dict[str, Callable[[], Network]] = {
        "compact": lambda: compact.read(compact_path()),
        "both": lambda: loss_networks.load(files or folder()),
    }
    chosen = source(name)
    if not at_hand(name, files) and not can_be_fetched(name):
        raise UserError(f"The loss network {chosen.title} is not here. {chosen.needs}")
    return openers[name]() if name in openers else vgg.load(name, progress)
