"""The logits of a net for images, and how often it errs.

With several views of an image (section 3.6.4), its logits are averaged over them: 2 are the image and its mirror image,
3 the image and itself shifted by a pixel to the upper left and to the lower right, which suits digits, and 6 these
three and their mirror images. The shifted ones count half, as in airbench (Jordan, 2024, arXiv:2404.00498).
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.datasets import Split
from core.datasets.augmentation import normalise
from core.errors import UserError
from core.trainers.hyperparameters import VIEWS
from core.trainers.parallel import Team

BATCH = 500


@torch.inference_mode()
def predict(
    net: nn.Module,
    images: Tensor,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    *,
    bf16: bool = False,
    batch: int = BATCH,
    views: int = 1,
) -> Tensor:
    """Return logits, float32 (N, classes) on the CPU, of uint8 images (N, C, H, W), averaged over 1, 2, 3 or 6 `views`.

    The net is put into evaluation mode for the time of the call and left as it was. Raises UserError for other views.
    """
    device = next(net.parameters()).device
    training = net.training
    net.eval()
    try:
        logits = []
        for part in images.split(batch):
            x = normalise(part.to(device), mean, std)
            total = torch.zeros(())
            for share, view in _views(x, views):
                with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                    answer = net(view.contiguous(memory_format=torch.channels_last))
                total = total + share * answer.float().cpu()
            logits.append(total)
    finally:
        net.train(training)
    return torch.cat(logits)


def _views(x: Tensor, views: int) -> Iterator[tuple[float, Tensor]]:
    """Yield the views of normalised images (N, C, H, W), each with its share in the average."""
    if views not in VIEWS:
        raise UserError(f"Evaluation has no {views} views: choose one of {', '.join(map(str, VIEWS))}.")
    height, width = x.shape[-2:]
    weighted = [(1.0, x)]
    if views in (3, 6):
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        weighted = [(0.5, x), (0.25, padded[..., 2:, 2:]), (0.25, padded[..., :height, :width])]
    if views in (2, 6):
        weighted = [(share / 2, each) for share, view in weighted for each in (view, view.flip(-1))]
    yield from weighted


def scores(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return mean cross-entropy (nats) and error (percent) of `logits` (N, classes) against `labels` (N,)."""
    loss = F.cross_entropy(logits, labels).item()
    return loss, 100 * (logits.argmax(1) != labels).float().mean().item()


def evaluate(
    net: nn.Module, split: Split, mean: tuple[float, ...], std: tuple[float, ...], bf16: bool = False, views: int = 1
) -> tuple[float, float]:
    """Return mean cross-entropy (nats) and error (percent) of `net` on a split, over so many views of an image."""
    return scores(predict(net, split.images, mean, std, bf16=bf16, views=views), split.labels)


def scores_of_team(
    predict: Callable[[Tensor], Tensor], split: Split, team: Team, before_part: Callable[[], None]
) -> tuple[float, float]:
    """Return mean cross-entropy (nats) and error (percent) on a split of which each process predicts its shard.

    `predict` returns the logits (n, classes) of images (n, C, H, W). `before_part` is called before every part of at
    most BATCH images a process, and may raise to end the evaluation.
    """
    logits, labels = [], []
    size = BATCH * team.size
    for images, truth in zip(split.images.split(size), split.labels.split(size), strict=True):
        before_part()
        logits.append(predict(team.shard(images)))
        labels.append(team.shard(truth))
    if team.size == 1:
        return scores(torch.cat(logits), split.labels)
    count = sum(map(len, labels))
    loss, error = scores(torch.cat(logits), torch.cat(labels)) if count else (0.0, 0.0)
    sums = team.all_reduce(torch.tensor([loss * count, error * count], dtype=torch.float64)) / len(split)
    return sums[0].item(), sums[1].item()
