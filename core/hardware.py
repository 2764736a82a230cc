"""What this machine computes with: the device, the number format that is fast on it, and how many threads to take."""

import functools
import os
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

Net = TypeVar("Net", bound=nn.Module)


def device() -> torch.device:
    """The first CUDA device where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def channels_last(net: Net, on: torch.device | None = None) -> Net:
    """Move the net to a device (where given) and its weights to channels_last order, the fast one for convolutions."""
    net.to(on, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net


@functools.cache
def bf16_is_fast() -> bool:
    """Whether bfloat16 beats float32 here: a GPU that supports it, or a CPU with AVX-512 bf16 or AMX.

    On other CPUs bfloat16 is emulated and slower than float32.
    """
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def spare_threads() -> int:
    """Threads for a training beside which the pages stay quick: all cores but one, at least one."""
    return max(1, cores() - 1)


def describe() -> str:
    """One line for people: the device and the number format that trainings use by default."""
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {cores()} cores"
    return f"{name}, {'bfloat16' if bf16_is_fast() else 'float32'}"
