"""`python -m benchmarks.photos`: milliseconds for the answer and the map of a photograph by EfficientNet-Lite0.

The peer is the package efficientnet-lite-pytorch, run plainly on the same weights, with torchcam's CAM or
pytorch-grad-cam's GradCAM hooked to its last layer. Both sides end in logits and a map of the image's size, 0 to 1. The
peer of the finer maps is the same package with the same stride and dilations. Floors are shares of torchcam's time:
0.7 in float32, a half in bfloat16, a tenth for the maps of a thousand classes after the answer (both sides compute the
answer once for all of them); weights are loaded within half a second.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks import report
from benchmarks.cam import finished
from benchmarks.report import BoundedRow
from core import hardware
from core.explain import cam
from core.models import pretrained
from core.models.efficientnet import EfficientNetLite
from core.vision import torchvision  # noqa: F401  (the peers import it, which fails unless it was imported here)

SIDES = (224, 448)
THREADS = (1, 2)
FLOORS = {torch.float32: 1 / 0.7, torch.bfloat16: 2.0}  # times as fast as torchcam
FLOOR_OF_ALL = 10.0
CLASSES = 1000
CLASS = 281  # tabby
LOAD_BOUND = 500.0  # ms
STRIDED = 11  # the package's number of the last block of stride 2


@dataclass(frozen=True)
class Case:
    """A side of square images in px, a number of threads, and whether maps are twice as fine."""

    side: int
    threads: int
    finer: bool

    def __str__(self) -> str:
        words = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.side} px, {'finer maps, ' if self.finer else ''}{words}"


def our_net(dtype: torch.dtype, finer: bool) -> EfficientNetLite:
    """Return our net as it is opened, in a precision."""
    net = EfficientNetLite(CLASSES, 3).eval().requires_grad_(False)
    net.load_state_dict(pretrained.read())
    hardware.channels_last(net).fold(dtype)
    if finer:
        net.make_finer()
    return net


def peer_net(finer: bool) -> nn.Module:
    """Return the companion package's net with the same weights."""
    from efficientnet_lite_pytorch import EfficientNet

    net = EfficientNet.from_name("efficientnet-lite0").eval().requires_grad_(False)
    net.load_state_dict(torch.load(pretrained.path(), weights_only=True))
    if finer:
        for number, block in enumerate(net._blocks[STRIDED:]):
            convolution, dilation = block._depthwise_conv, 2 if number else 1
            convolution.stride, convolution.dilation = (1, 1), (dilation, dilation)
            convolution.static_padding = nn.ZeroPad2d(dilation * (convolution.kernel_size[0] // 2))
    return net  # type: ignore[no-any-return]


class Features(nn.Module):
    """The features of the companion's net as one layer, which pytorch-grad-cam can hook into."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = [net]  # in a list, so that its layers are not registered twice

    def forward(self, x: Tensor) -> Tensor:
        return self.net[0].extract_features(x)  # type: ignore[no-any-return, operator]


class Layered(nn.Module):
    """The companion's net as a layer that returns the feature maps, then its head."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.layer, self.inside = Features(net), net
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.inside._fc(self.layer(x).mean((2, 3)))  # type: ignore[no-any-return, operator]


class Ours:
    """Our answer and maps (side, side) for one image."""

    def __init__(self, net: nn.Module, x: Tensor) -> None:
        self.net, self.x = net, x.contiguous(memory_format=torch.channels_last)
        self.one, self.all = torch.tensor([[CLASS]]), torch.arange(CLASSES)[None]

    def map(self) -> Tensor:
        explained = cam.explain(self.net, self.x, self.one)
        return finished(explained.maps[:, 0], self.x.shape[-1])

    def maps(self) -> Tensor:
        return cam.explain(self.net, self.x, self.all).maps[0]

    def answer(self) -> Tensor:
        with torch.no_grad():
            return self.net.features(self.x)  # type: ignore[no-any-return, operator]

    def maps_of(self, features: Tensor) -> Tensor:
        with torch.no_grad():
            return self.net.class_maps(features)[0]  # type: ignore[no-any-return, operator]


class Peer:
    """The peers' answer and maps of the same; each hooks into a net of its own, so that none pays for another."""

    def __init__(self, x: Tensor, finer: bool) -> None:
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
        from torchcam import methods as torchcam

        self.x, self.x_with_gradient = x, x.clone().requires_grad_()
        # The package has one ReLU6 for stem and head; the hook keeps what the last of the two returns.
        self._cam = torchcam.CAM(peer_net(finer), "_swish", "_fc")
        layered = Layered(peer_net(finer))
        self._grad_cam = GradCAM(layered, [layered.layer])
        self._targets = [ClassifierOutputTarget(CLASS)]

    def map(self) -> Tensor:
        with torch.inference_mode():
            self._cam.model(self.x)
            return finished(self._cam([CLASS], normalized=False)[0], self.x.shape[-1])

    def grad_cam_map(self) -> Tensor:
        return torch.from_numpy(self._grad_cam(self.x_with_gradient, self._targets))

    def maps(self) -> Tensor:
        self.logits()
        return self.maps_of_the_answer()

    def maps_of_the_answer(self) -> Tensor:
        with torch.inference_mode():
            return torch.cat([self._cam([label], normalized=False)[0] for label in range(CLASSES)])

    def logits(self) -> Tensor:
        with torch.inference_mode():
            return self._cam.model(self.x)  # type: ignore[no-any-return]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Compute with so many threads for the body."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def measure(cases: list[Case], rounds: int) -> list[BoundedRow]:
    """Return the rows of each case. Raises AssertionError where two sides do not return the same maps."""
    rows = []
    for case in cases:
        x = torch.randn(1, 3, case.side, case.side, generator=torch.Generator().manual_seed(0))
        with threads(case.threads):
            rows += _rows(case, x, rounds)
    return rows


def _rows(case: Case, x: Tensor, rounds: int) -> list[BoundedRow]:
    peer = Peer(x, case.finer)
    ours = {dtype: Ours(our_net(dtype, case.finer), x) for dtype in _precisions()}
    for dtype, one in ours.items():
        assert_alike(one, peer, 1e-4 if dtype == torch.float32 else 0.5)
    runs = {dtype: one.map for dtype, one in ours.items()}
    times = report.all_in_turn({**runs, "torchcam": peer.map, "grad-cam": peer.grad_cam_map}, rounds)
    rows = []
    for dtype in ours:
        for name, floor in (("torchcam", FLOORS[dtype]), ("grad-cam", None)):
            precision = str(dtype).removeprefix("torch.")
            rows.append(_bounded(f"answer and map / {name}, {case}, {precision}", times[dtype], times[name], floor))
    return rows + _of_all_classes(case, ours[torch.float32], peer, max(1, rounds // 3))


def _of_all_classes(case: Case, ours: Ours, peer: Peer, rounds: int) -> list[BoundedRow]:
    """Return the rows of the maps of a thousand classes: what they cost after the answer, and with it."""
    features = ours.answer()
    peer.logits()
    runs = {"ours": lambda: ours.maps_of(features), "torchcam": peer.maps_of_the_answer}
    with_answer = {"ours": ours.maps, "torchcam": peer.maps}
    rows = []
    for words, sides, floor in (
        ("a thousand maps after the answer", runs, FLOOR_OF_ALL),
        ("answer and a thousand maps", with_answer, None),
    ):
        times = report.all_in_turn(sides, rounds)
        rows.append(_bounded(f"{words} / torchcam, {case}, float32", times["ours"], times["torchcam"], floor))
    return rows


def _bounded(case: str, ours: list[float], peer: list[float], floor: float | None) -> BoundedRow:
    row = report.compared(case, ours, peer)
    return BoundedRow(case, row.ours, row.peer, row.unit, row.ratio, None if floor is None else round(floor, 2))


def _precisions() -> list[torch.dtype]:
    return [torch.float32, torch.bfloat16] if hardware.bf16_is_fast() else [torch.float32]


def assert_alike(ours: Ours, peer: Peer, tolerance: float) -> None:
    """Raise AssertionError unless both sides return the same logits, to a tolerance, and maps alike.

    torchcam leaves the bias of a class out of its map, and cuts what is negative of it.
    """
    difference = float((cam.explain(ours.net, ours.x).logits - peer.logits()).abs().max())
    assert difference < tolerance, f"the logits differ by up to {difference:.2g}"
    one, other = (map.flatten() - map.mean() for map in (ours.map(), peer.map()))
    alike = float(nn.functional.cosine_similarity(one, other, dim=0))
    assert alike > 0.9, f"the maps correlate by {alike:.2f} only"


def loading(rounds: int) -> BoundedRow:
    """Return the row of the ms that the first opening of the net takes in a new process, beside its bound."""
    code = (
        "import time; from core.trainers import trained; began = time.perf_counter(); "
        "trained.open_named('efficientnet_lite0'); print(1000 * (time.perf_counter() - began))"
    )
    times = [float(subprocess.check_output([sys.executable, "-c", code], text=True)) for _ in range(rounds)]
    median = statistics.median(times)
    return BoundedRow(
        "first opening / bound", round(median, 1), LOAD_BOUND, "ms", round(LOAD_BOUND / median, 2), floor=1.0
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=41, metavar="N", help="rounds of each case (default %(default)s)")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES, metavar="PX", help="default: 224 448")
    parser.add_argument("--threads", type=int, nargs="+", default=THREADS, metavar="N", help="default: 1 2")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    counts = [count for count in options.threads if count <= hardware.cores()]
    cases = [Case(side, count, finer) for side in options.sides for count in counts for finer in (False, True)]
    rows: list[BoundedRow] = [loading(3), *measure(cases, options.rounds)]
    report.show("photos", list(rows), options.json)
    return int(any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
