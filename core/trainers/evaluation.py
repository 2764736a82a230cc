"""What a net answers for images it is asked about, and how often it errs."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.datasets import Split
from core.datasets.augmentation import normalise

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
) -> Tensor:
    """Logits, float32 (N, classes) on the CPU, of uint8 `images` (N, C, H, W).

    The net is put into evaluation mode for the time of the call and left as it was.
    """
    device = next(net.parameters()).device
    training = net.training
    net.eval()
    try:
        logits = []
        for part in images.split(batch):
            x = normalise(part.to(device), mean, std).contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                logits.append(net(x).float().cpu())
    finally:
        net.train(training)
    return torch.cat(logits)


def scores(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean cross-entropy (nats) and error (per cent) of `logits` (N, classes) against `labels` (N,)."""
    loss = F.cross_entropy(logits, labels).item()
    return loss, 100 * (logits.argmax(1) != labels).float().mean().item()


def evaluate(
    net: nn.Module, split: Split, mean: tuple[float, ...], std: tuple[float, ...], bf16: bool = False
) -> tuple[float, float]:
    """Mean cross-entropy (nats) and error (per cent) of `net` on a split."""
    return scores(predict(net, split.images, mean, std, bf16=bf16), split.labels)
