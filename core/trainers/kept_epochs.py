"""Which epochs of a training save their weights, so that it can be seen later how a net's answers developed."""

from torch import nn

from core.errors import UserError

USUAL = 8  # beside the initial weights: enough for a story, and soon written
SMALL = 64_000_000  # bytes that a training may take by default
MOST = 100
LARGEST = 4_000_000_000  # bytes
_BYTES = 2  # a number, in half precision


def chosen(epochs: int, count: int) -> tuple[int, ...]:
    """Return the epochs whose weights are saved, in order: 0 (the initial ones), the last of `epochs`, others between.

    In all `count` and the initial ones, or as many as there are; none for a count of 0. They lie close together at the
    beginning, where most is learned: each about as many times later than the one before.
    """
    count = min(count, epochs)
    if count == 0:
        return ()
    chosen_epochs = [0]
    for place in range(1, count + 1):
        share = (place - 1) / (count - 1) if count > 1 else 1.0
        chosen_epochs.append(max(chosen_epochs[-1] + 1, round(epochs**share)))
    return tuple(chosen_epochs)


def size(net: nn.Module, epochs: int, count: int) -> int:
    """Return the bytes that the saved weights of a net, which may be on the meta device, take on the disk."""
    return len(chosen(epochs, count)) * _BYTES * sum(tensor.numel() for tensor in net.state_dict().values())


def usual(net: nn.Module, epochs: int) -> int:
    """Return how many epochs to save by default: USUAL of a net that is small, none of any other."""
    return USUAL if size(net, epochs, USUAL) <= SMALL else 0


def check(net: nn.Module, epochs: int, count: int) -> None:
    """Raise UserError for a count that is out of range, or that would fill the disk."""
    if not 0 <= count <= MOST:
        raise UserError(f"The number of checkpoints is {count}; choose one between 0 and {MOST}.")
    needed = size(net, epochs, count)
    if needed > LARGEST:
        raise UserError(
            f"The weights of {count} epochs would take {needed / 1e9:.1f} GB; keep fewer, so that they take at most "
            f"{LARGEST / 1e9:g} GB."
        )
