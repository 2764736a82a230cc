"""Tiny style networks, loss networks with random weights and made-up pictures, for all tests that paint."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core import images, weights
from core.images import Picture
from core.style import painter
from core.style.loss_networks import LossNetworks
from core.style.network import PasticheNet

STYLES = ("stripes", "dots", "night")
WIDTH = 0.25


def picture(height: int = 40, width: int = 56, seed: int = 0) -> Picture:
    """A smooth made-up photograph with some noise."""
    ramp = np.linspace(0, 200, width)[None, :, None] + np.linspace(0, 40, height)[:, None, None]
    noise = np.random.default_rng(seed).integers(0, 15, (height, width, 3))
    return (ramp * np.array([1.0, 0.7, 0.4]) + noise).astype(np.uint8)


def net(seed: int = 0, styles: int = len(STYLES)) -> PasticheNet:
    """A tiny net whose styles differ visibly."""
    torch.manual_seed(seed)
    made = PasticheNet(styles, WIDTH)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if ".norm." in name:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return made


def ship(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "tiny", **card: object) -> PasticheNet:
    """Make `folder` the weights folder and put a tiny net with its card there."""
    monkeypatch.setattr(weights, "WEIGHTS", folder)
    painter.shipped.cache_clear()
    painter.swatch.cache_clear()
    folder.mkdir(exist_ok=True)
    styles = [{"name": s, "title": s.capitalize(), "artist": "Nobody", "year": "1900"} for s in STYLES]
    content: dict = {"kind": "pastiche", "title": "Tiny", "width": WIDTH, "styles": styles, "bfloat16_error": 1.0}
    content |= card
    made = net(styles=len(content["styles"]))
    weights.write(folder / f"{name}.safetensors", made.state_dict())
    (folder / f"{name}.json").write_text(json.dumps(content))
    return made


def loss_networks() -> LossNetworks:
    """Both loss networks with random weights."""
    torch.manual_seed(1)
    return LossNetworks().requires_grad_(False).eval()


def write_loss_networks(folder: Path) -> None:
    """Files of both, named as `loss_networks.load` wants them."""
    folder.mkdir(exist_ok=True)
    networks = loss_networks()
    for network in (networks.vgg19, networks.squeezenet):
        weights.write(folder / network.file, network.state_dict())


def write_pictures(folder: Path, names: tuple[str, ...], side: int = 64) -> None:
    folder.mkdir(exist_ok=True)
    for seed, name in enumerate(names):
        images.save(picture(side, side + 8, seed), folder / f"{name}.png")
