"""What is said of the machine is what a training then uses."""

import os
from pathlib import Path

import pytest
import torch
from torch import nn

from core import hardware


def test_a_training_leaves_a_core_to_the_pages(monkeypatch):
    monkeypatch.setattr(hardware, "cores", lambda: 1)
    assert hardware.spare_threads() == 1
    monkeypatch.setattr(hardware, "cores", lambda: 8)
    assert hardware.spare_threads() == 7


def resident_megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_the_description_names_the_number_format():
    assert hardware.describe(True).endswith("bfloat16")
    assert hardware.describe(False).endswith("float32")


def test_channels_last_changes_the_layout_alone():
    net = nn.Conv2d(3, 4, 3)
    before = net.weight.detach().clone()
    assert hardware.channels_last(net) is net
    assert net.weight.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(net.weight, before)


def test_keeping_memory_changes_no_figure():
    before = torch.arange(1_000_000).double().sum()
    hardware.keep_freed_memory()
    assert torch.arange(1_000_000).double().sum() == before


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system has no /proc to read memory from")
def test_kept_memory_is_returned():
    hardware.keep_freed_memory()
    blocks = [torch.ones(1_000_000) for _ in range(32)]  # 128 MB
    del blocks
    before = resident_megabytes()
    hardware.return_freed_memory()
    assert resident_megabytes() < before - 64
