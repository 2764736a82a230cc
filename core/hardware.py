"""The hardware of this machine: the device, the precision that is fast on it, and the number of threads to use.

torch is imported where it is used: the queue of trainings counts cores here, on every page, before torch is there.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch
    from torch import nn

Net = TypeVar("Net", bound="nn.Module")

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's mallopt(3)
_INITIAL_THRESHOLD = 128 * 1024  # bytes, of both


def device() -> torch.device:
    """Return the first CUDA device where there is one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def channels_last(net: Net, on: torch.device | None = None) -> Net:
    """Move the net to a device (where given) and its weights to channels_last order, the fast one for convolutions."""
    import torch

    net.to(on, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net


@functools.cache
def bf16_is_fast() -> bool:
    """Return whether bfloat16 beats float32 here: a GPU that supports it, or a CPU with AVX-512 bf16 or AMX.

    On other CPUs bfloat16 is emulated and slower than float32.
    """
    import torch

    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def spare_threads() -> int:
    """Return the number of threads for a training, so that pages stay responsive: all cores but one, at least one."""
    return max(1, cores() - 1)


def keep_freed_memory() -> None:
    """Let this process reuse the memory that it frees, since the next step needs as much again.

    glibc returns large blocks to the system at once and must map every page anew: the baseline and BN-NiN train a
    fifth faster with this on a CPU, ResNet-20 as fast; a picture is painted 1.2 times as fast. Without glibc nothing
    happens.
    """
    _set_thresholds(2**31 - 1)


def return_freed_memory() -> None:
    """Return all memory to the system that is free, and from now on as glibc does at first: the least is held."""
    _set_thresholds(_INITIAL_THRESHOLD)
    trim = _of_glibc("malloc_trim")
    if trim:
        trim(0)


def _set_thresholds(size: int) -> None:
    """Let glibc keep free blocks of up to `size` bytes."""
    mallopt = _of_glibc("mallopt")
    if mallopt:
        for option in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
            mallopt(option, size)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """Return a function of glibc; None on other systems, and with musl, which has it not."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None


def precision(half: bool) -> str:
    """Return the precision of a step of training or of image optimisation, as in run folders and cards."""
    return "bfloat16 autocast" if half else "float32"


def describe(bf16: bool) -> str:
    """Return one line for people: the device and its precision."""
    import torch

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {cores()} cores"
    return f"{name}, {'bfloat16' if bf16 else 'float32'}"
