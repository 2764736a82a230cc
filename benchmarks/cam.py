"""`python -m benchmarks.cam`: milliseconds for class activation maps, ours against torchcam and pytorch-grad-cam.

The net, its weights, the images and the classes are the same; every side ends in maps of the images' size, in float32,
negative evidence cut off and each map scaled to its greatest value, as pytorch-grad-cam delivers them. The peers hook
into a copy of the net whose features are one layer; they are made once and asked again and again. torchcam's CAM runs
without gradients, as its manual says; where a peer needs them, it gets a net whose parameters are frozen, too: that is
its fastest way. The last rows are what the maps cost over a bare forward pass, the peer there.
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
    """The features of a net as one layer, which the peers can hook."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = [net]  # in a list, so that its layers are not registered twice

    def forward(self, x: Tensor) -> Tensor:
        return self.net[0].features(x)  # type: ignore[no-any-return, operator]


class Layered(nn.Module):
    """A net as the peers want it: a layer that gives the feature maps, then the head."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.layer = Features(net)
        self.inside = net
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.inside.head(self.layer(x))  # type: ignore[no-any-return, operator]


def finished(maps: Tensor, side: int) -> Tensor:
    """Maps (N, h, w) as pictures want them: (N, side, side), 0 to 1."""
    enlarged = cam.upsample(maps.clamp(min=0), (side, side))
    return enlarged / enlarged.amax((1, 2), keepdim=True).clamp(min=1e-7)


def measure(trained: TrainedClassifier, rounds: dict[int, int]) -> list[report.Row]:
    """A row for each method, peer and batch; AssertionError where two sides do not find the same maps."""
    from pytorch_grad_cam import GradCAM as TheirGradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
    from torchcam import methods as torchcam

    generator = torch.Generator().manual_seed(0)
    side, net = trained.side, trained.net
    rows, costs = [], []
    for batch, repeats in rounds.items():
        x = trained.prepare(
            torch.randint(0, 256, (batch, trained.channels, side, side), dtype=torch.uint8, generator=generator)
        )
        chosen = torch.arange(batch) % len(trained.classes)
        wanted = chosen.tolist()
        needing = x.clone().requires_grad_()  # the net is frozen: without this the peers have nothing to go back to
        targets = [ClassifierOutputTarget(one) for one in wanted]
        # Each peer has a net of its own to hook into, so that none pays for another's hooks.
        cam_extractor = torchcam.CAM(Layered(net), "layer", "inside.output")
        grad_extractor = torchcam.GradCAM(Layered(net), "layer")
        layered = Layered(net)
        theirs = TheirGradCAM(layered, [layered.layer])

        def forward(x: Tensor = x) -> Tensor:
            with torch.no_grad():
                return net(x)  # type: ignore[no-any-return]

        def ours(x: Tensor = x, chosen: Tensor = chosen) -> Tensor:
            return finished(cam.explain(net, x, chosen[:, None]).maps[:, 0], side)

        def ours_by_gradient(x: Tensor = x, chosen: Tensor = chosen) -> Tensor:
            return finished(methods.explain(net, x, chosen[:, None], "grad-cam").maps[:, 0], side)

        def torchcam_cam(x: Tensor = x, wanted: list[int] = wanted, extractor: torchcam.CAM = cam_extractor) -> Tensor:
            with torch.inference_mode():
                extractor.model(x)
                return finished(extractor(wanted, normalized=False)[0], side)

        def torchcam_grad(
            x: Tensor = needing, wanted: list[int] = wanted, extractor: torchcam.GradCAM = grad_extractor
        ) -> Tensor:
            scores = extractor.model(x)
            return finished(extractor(wanted, scores, normalized=False)[0].detach(), side)

        def their_grad(x: Tensor = needing, targets: list = targets, extractor: TheirGradCAM = theirs) -> Tensor:
            return torch.from_numpy(extractor(x, targets))

        assert_alike(trained, ours(), torchcam_cam(), with_bias=True)
        assert_alike(trained, ours_by_gradient(), torchcam_grad())
        assert_alike(trained, ours_by_gradient(), their_grad())
        pairs: list[tuple[str, Callable[[], Tensor], Callable[[], Tensor]]] = [
            ("CAM / torchcam's CAM", ours, torchcam_cam),
            ("CAM / pytorch-grad-cam's GradCAM", ours, their_grad),
            ("Grad-CAM / torchcam's GradCAM", ours_by_gradient, torchcam_grad),
            ("Grad-CAM / pytorch-grad-cam's GradCAM", ours_by_gradient, their_grad),
        ]
        rows += [report.faster(f"{case}, batch {batch}", *report.in_turn(*pair, repeats)) for case, *pair in pairs]
        bare: list[tuple[str, Callable[[], Tensor]]] = [
            ("CAM at the net's size", lambda x=x, chosen=chosen: cam.explain(net, x, chosen[:, None]).maps),
            ("CAM as a picture", ours),
            ("Grad-CAM as a picture", ours_by_gradient),
        ]
        costs += [
            report.faster(f"{case} / bare forward, batch {batch}", *report.in_turn(run, forward, repeats))
            for case, run in bare
        ]
    return rows + costs


def assert_alike(trained: TrainedClassifier, ours: Tensor, peer: Tensor, *, with_bias: bool = False) -> None:
    """That two sides found one map: a peer scales between other ends, and leaves the bias out, so by correlation."""
    flat = [maps.flatten(1) - maps.flatten(1).mean(1, keepdim=True) for maps in (ours, peer)]
    likeness = nn.functional.cosine_similarity(*flat, dim=1)
    seen = (flat[0].abs().amax(1) > 1e-3) & (flat[1].abs().amax(1) > 1e-3)
    least = 0.9 if with_bias else 0.99
    assert bool((likeness[seen] > least).float().mean() > 0.9), f"{trained.name}: the two find different maps"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cam", description=__doc__)
    parser.add_argument("--model", default=NET, help="a net that ends in global average pooling (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    report.show("cam", measure(nets.open_named(given.model), ROUNDS), given.json)


if __name__ == "__main__":
    main()
