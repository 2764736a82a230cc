"""The weights that the training of a style network begins with: drawn by its seed, or another net's."""

from collections.abc import Sequence

import torch

from core import images, weights
from core.images import Picture
from core.style.network import PasticheNet
from core.style.origin import Origin
from core.style.pastiche_recipe import PasticheRecipe
from core.style.rows import SOFT


def initial_net(recipe: PasticheRecipe, paintings: Sequence[Picture]) -> PasticheNet:
    """Return an untrained net, drawn by the recipe's seed, that paints each style with its painting's colours."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        net = PasticheNet(len(recipe.rows), recipe.width)
        if recipe.scale_deviation:
            spread_scales(net, recipe.scale_deviation)
    for row, painting in enumerate(painting_of_rows(recipe)):
        colours = images.to_tensor(paintings[painting])[0].flatten(1)
        net.start_from_colours(row, colours.mean(1), colours.std(1))
    return net


@torch.no_grad()
def spread_scales(net: PasticheNet, deviation: float) -> None:
    """Draw the scales of a new net's rows about 1, so that its styles differ from the first step on."""
    for name, parameter in net.named_parameters():
        if name.endswith("norm.scale"):
            parameter.normal_(1.0, deviation)


def painting_of_rows(recipe: PasticheRecipe) -> list[int]:
    """Return the index of the painting of each row; that of the photograph's row means nothing and is 0."""
    names = [row.removesuffix(SOFT) for row in recipe.rows]
    return [recipe.styles.index(name) if name in recipe.styles else 0 for name in names]


def copy_weights(net: PasticheNet, recipe: PasticheRecipe, origin: Origin) -> dict:
    """Load the weights of another net of the same width into `net`; return its rows and how it was made.

    A row of the other net is copied whole. A new one starts from the mean of the other's rows, but for the last
    normalisation, which stays at the painting's colours: the filters, which serve every style, are learnt.
    """
    origin.must_fit(recipe)
    names = origin.names
    other = PasticheNet(len(names), recipe.width)
    weights.fill(other, weights.read(origin.path), origin.what)
    places: dict[str, int] = {}
    for row in recipe.rows:
        # A soft row that the other net lacks starts from its painting's.
        known = [name for name in (row, row.removesuffix(SOFT)) if name in names]
        places |= {row: names.index(known[0])} if known else {}
    weights_of_other = dict(other.named_parameters())
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if ".norm." not in name:
                parameter.copy_(weights_of_other[name])
                continue
            if not name.startswith("leave."):
                parameter.copy_(weights_of_other[name].mean(0))
            for index, row in enumerate(recipe.rows):
                if row in places:
                    parameter[index] = weights_of_other[name][places[row]]
    return {"styles": names, **origin.made}
