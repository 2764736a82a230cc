"""Which epochs of a training leave their weights behind, so that it can be seen later how a net came to its answers."""

from torch import nn

from core.errors import UserError

USUAL = 8  # beside the initial weights: enough for a story, and soon written
SMALL = 64_000_000  # bytes: what a training may leave behind unasked
MOST = 100
LARGEST = 4_000_000_000  # bytes
_BYTES = 2  # a number, in half precision


def chosen(epochs: int, count: int) -> tuple[int, ...]:
    """The epochs whose weights are kept, in order: 0, the initial ones, the last of `epochs`, and others between them.

    In all `count` and the initial ones, or as many as there are; none for a count of 0. They lie close together at the
    beginning, where most is learned: each about as many times later than the one before.
    """
    count = min(count, epochs)
    if count == 0:
        return ()
    found = [0]
    for place in range(1, count + 1):
        share = (place - 1) / (count - 1) if count > 1 else 1.0
        found.append(max(found[-1] + 1, round(epochs**share)))
    return tuple(found)


def size(net: nn.Module, epochs: int, count: int) -> int:
    """Bytes that the kept weights of a net, which may be without numbers, take on the disk."""
    return len(chosen(epochs, count)) * _BYTES * sum(tensor.numel() for tensor in net.state_dict().values())


def usual(net: nn.Module, epochs: int) -> int:
    """How many epochs to keep where nobody has said: USUAL of a net that is small, none of any other."""
    return USUAL if size(net, epochs, USUAL) <= SMALL else 0


def check(net: nn.Module, epochs: int, count: int) -> None:
    """Raises UserError for a count that cannot be kept, or that would fill the disk."""
    if not 0 <= count <= MOST:
        raise UserError(f"The number of kept epochs is {count}; choose one between 0 and {MOST}.")
    needed = size(net, epochs, count)
    if needed > LARGEST:
        raise UserError(
            f"The weights of {count} epochs would take {needed / 1e9:.1f} GB; keep fewer, so that they take at most "
            f"{LARGEST / 1e9:g} GB."
        )
