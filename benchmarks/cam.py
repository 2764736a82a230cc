"""`python -m benchmarks.cam`: milliseconds for class activation maps, ours against torchcam and pytorch-grad-cam.

Net, weights, images and classes are the same on every side. Each ends in maps of the images' size, in float32, with
negative evidence clipped and each map scaled to its maximum, as pytorch-grad-cam returns them. The peers hook into a
copy of the net whose features are one layer; they are made once and called repeatedly. torchcam's CAM runs without
gradients, as its manual says; for a peer that needs gradients the parameters are frozen, which is its fastest way. The
last rows compare the maps with a bare forward pass, the peer there.
"""

import argparse
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks import report
from core.explain import cam, methods
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier
from core.vision import torchvision  # noqa: F401  (the peers import it, which fails unless it was imported here)

NET = "resnet20_cifar10"
ROUNDS = {1: 100, 64: 31}


class Features(nn.Module):
    """The features of a net as one layer, which the peers can hook into."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = [net]  # in a list, so that its layers are not registered twice

    def forward(self, x: Tensor) -> Tensor:
        return self.net[0].features(x)  # type: ignore[no-any-return, operator]


class Layered(nn.Module):
    """A net in the form that the peers need: a layer that returns the feature maps, then the head."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.layer = Features(net)
        self.inside = net
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.inside.head(self.layer(x))  # type: ignore[no-any-return, operator]


def finished(maps: Tensor, side: int) -> Tensor:
    """Return maps (N, h, w) as pictures need them: (N, side, side), 0 to 1."""
    enlarged = cam.upsample(maps.clamp(min=0), (side, side))
    return enlarged / enlarged.amax((1, 2), keepdim=True).clamp(min=1e-7)


class Ours:
    """Our maps (N, side, side) of the net for one batch of images and a class for each."""

    def __init__(self, trained: TrainedClassifier, x: Tensor, classes: Tensor) -> None:
        self.net, self.side, self.x, self.classes = trained.net, trained.side, x, classes[:, None]

    def forward(self) -> Tensor:
        with torch.no_grad():
            return self.net(self.x)  # type: ignore[no-any-return]

    def small_cam(self) -> Tensor:
        return cam.explain(self.net, self.x, self.classes).maps

    def cam(self) -> Tensor:
        return finished(cam.explain(self.net, self.x, self.classes).maps[:, 0], self.side)

    def grad_cam(self) -> Tensor:
        return finished(methods.explain(self.net, self.x, self.classes, "grad-cam").maps[:, 0], self.side)


class Peers:
    """The peers' maps (N, side, side) of the same; each peer hooks into its own net, so none pays for another's."""

    def __init__(self, trained: TrainedClassifier, x: Tensor, classes: Tensor) -> None:
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
        from torchcam import methods as torchcam

        self.side, self.x, self.classes = trained.side, x, classes.tolist()
        # The parameters are frozen: without a gradient of the input the peers have nothing to differentiate.
        self.x_with_gradient = x.clone().requires_grad_()
        self.targets = [ClassifierOutputTarget(label) for label in self.classes]
        self._cam = torchcam.CAM(Layered(trained.net), "layer", "inside.output")
        self._grad_cam = torchcam.GradCAM(Layered(trained.net), "layer")
        layered = Layered(trained.net)
        self._pytorch_grad_cam = GradCAM(layered, [layered.layer])

    def torchcam_cam(self) -> Tensor:
        with torch.inference_mode():
            self._cam.model(self.x)
            return finished(self._cam(self.classes, normalized=False)[0], self.side)

    def torchcam_grad_cam(self) -> Tensor:
        scores = self._grad_cam.model(self.x_with_gradient)
        return finished(self._grad_cam(self.classes, scores, normalized=False)[0].detach(), self.side)

    def pytorch_grad_cam(self) -> Tensor:
        return torch.from_numpy(self._pytorch_grad_cam(self.x_with_gradient, self.targets))


def measure(trained: TrainedClassifier, rounds: dict[int, int]) -> list[report.Row]:
    """Return a row for each method, peer and batch size; `rounds` maps a batch size to the number of rounds.

    Raises AssertionError where two sides do not return the same maps.
    """
    generator = torch.Generator().manual_seed(0)
    shape = (trained.channels, trained.side, trained.side)
    rows, costs = [], []
    for batch, repeats in rounds.items():
        x = trained.prepare(torch.randint(0, 256, (batch, *shape), dtype=torch.uint8, generator=generator))
        classes = torch.arange(batch) % len(trained.classes)
        ours, peers = Ours(trained, x, classes), Peers(trained, x, classes)
        assert_alike(trained, ours.cam(), peers.torchcam_cam(), with_bias=True)
        assert_alike(trained, ours.grad_cam(), peers.torchcam_grad_cam())
        assert_alike(trained, ours.grad_cam(), peers.pytorch_grad_cam())
        rows += _rows(_against_peers(ours, peers), batch, repeats)
        costs += _rows(_against_forward(ours), batch, repeats)
    return rows + costs


Pair = tuple[str, Callable[[], object], Callable[[], object]]  # case, ours, peer


def _against_peers(ours: Ours, peers: Peers) -> list[Pair]:
    return [
        ("CAM / torchcam's CAM", ours.cam, peers.torchcam_cam),
        ("CAM / pytorch-grad-cam's GradCAM", ours.cam, peers.pytorch_grad_cam),
        ("Grad-CAM / torchcam's GradCAM", ours.grad_cam, peers.torchcam_grad_cam),
        ("Grad-CAM / pytorch-grad-cam's GradCAM", ours.grad_cam, peers.pytorch_grad_cam),
    ]


def _against_forward(ours: Ours) -> list[Pair]:
    return [
        ("CAM at the net's size / bare forward", ours.small_cam, ours.forward),
        ("CAM as a picture / bare forward", ours.cam, ours.forward),
        ("Grad-CAM as a picture / bare forward", ours.grad_cam, ours.forward),
    ]


def _rows(pairs: list[Pair], batch: int, repeats: int) -> list[report.Row]:
    return [report.faster(f"{case}, batch {batch}", *report.in_turn(ours, peer, repeats)) for case, ours, peer in pairs]


def assert_alike(trained: TrainedClassifier, ours: Tensor, peer: Tensor, *, with_bias: bool = False) -> None:
    """Raise AssertionError unless two sides return the same maps, up to scale.

    Compare by correlation, since a peer scales between other ends and, `with_bias`, leaves our bias out.
    """
    centred = [maps.flatten(1) - maps.flatten(1).mean(1, keepdim=True) for maps in (ours, peer)]
    correlation = nn.functional.cosine_similarity(*centred, dim=1)
    varies = (centred[0].abs().amax(1) > 1e-3) & (centred[1].abs().amax(1) > 1e-3)
    least = 0.9 if with_bias else 0.99
    alike = bool((correlation[varies] > least).float().mean() > 0.9)
    assert alike, f"{trained.name}: the two sides return different maps"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cam", description=__doc__)
    parser.add_argument("--model", default=NET, help="a net that ends in global average pooling (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    report.show("cam", measure(nets.open_named(options.model), ROUNDS), options.json)


if __name__ == "__main__":
    main()
