"""`python -m benchmarks.iterative`: milliseconds a step of style transfer by optimisation, by `compact` and by others.

A step is one of Adam in the number format that transfers use here: forward, Gram matrices, losses, backward, update.
The peers are VGG-19 with the thesis' layers (section 5.3.2) and compact's own two teachers with the layers that compact
gives. How long a step takes does not depend on what a network has learnt, so a network without weights here is measured
with random ones.
"""

import argparse

from benchmarks import report
from core import hardware, images
from core.style import compact, loss_networks, vgg
from core.style.optimisation import ImageOptimisation
from core.style.optimisation_recipe import OptimisationRecipe
from core.style.sources import Network

SIDES = {256: 5, 384: 3}
PEERS = {"vgg19": "VGG-19, section 5.3.2", "both": "its teachers, VGG-19 to relu3_1 and SqueezeNet 1.1"}


def untrained(name: str) -> Network:
    """Return the network of that name with random weights, frozen."""
    network: Network
    if name == "compact":
        network = compact.fresh(0)
    elif name == "both":
        network = loss_networks.LossNetworks()
    else:
        network = vgg.Vgg(name)
    return hardware.channels_last(network.eval().requires_grad_(False))


def begun(name: str, side: int) -> ImageOptimisation:
    """Return a transfer of sample pictures by the network of that name, after its first step."""
    recipe = OptimisationRecipe(network=name, size=side, style_size=side, half=hardware.bf16_is_fast())
    content, style = (images.resize(images.sample(sample), side, side) for sample in ("astronaut", "flower"))
    transfer = ImageOptimisation(recipe, content, style, untrained(name))
    transfer.advance()
    return transfer


def measure(sides: dict[int, int]) -> list[report.Row]:
    """Return a row for each side and peer."""
    rows = []
    for side, rounds in sides.items():
        for peer, title in PEERS.items():
            times = report.in_turn(begun("compact", side).advance, begun(peer, side).advance, rounds)
            rows.append(report.faster(f"a step at {side} x {side} px against {title}", *times))
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.iterative", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--sides", nargs="+", type=int, help=f"sides of the picture, px (default {list(SIDES)})")
    options = parser.parse_args(arguments)
    sides = {side: SIDES.get(side, 3) for side in options.sides} if options.sides else SIDES
    report.show("iterative", measure(sides), options.json)


if __name__ == "__main__":
    main()
