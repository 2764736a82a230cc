"""Weights on disk: tensors as `.safetensors` only, and beside each shipped file a card (JSON) that describes it.

torch is imported where it is used: cards and runs are read on every page, before torch is there.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from core.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

SUFFIX = ".safetensors"
WEIGHTS = Path(__file__).resolve().parent.parent / "weights"


def write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write `tensors` to `path` atomically: a reader gets the old file or the whole new one, never a part of it.

    Raises OSError where the disk is full or the folder cannot be written.
    """
    from safetensors.torch import save_file

    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, metadata)
        except SafetensorError as error:
            if system := re.search(r"os error (\d+)", str(error)):
                number = int(system[1])  # identifies a full disk
                raise OSError(number, os.strerror(number), str(path)) from error
            raise
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> dict[str, Tensor]:
    """Return every tensor of a `.safetensors` file, on the CPU.

    Raises UserError where the file is missing, of another format, cut short or damaged.
    """
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict


def read_metadata(path: Path) -> dict[str, str]:
    """Return the text metadata of a `.safetensors` file. Raises UserError as `read` does."""
    with _opened(path) as file:
        return file.metadata() or {}


def _opened(path: Path) -> safe_open:
    if path.suffix != SUFFIX:
        raise UserError(f"{path.name} is not a .safetensors file; weights are read in that format only.")
    try:
        return safe_open(path, framework="pt")
    except FileNotFoundError as error:
        raise UserError(f"The weights {path.name} are not there; check the path or train the net first.") from error
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"The weights {path.name} cannot be read ({error}); the file is damaged or of another format, so "
            "fetch or train it again."
        ) from error


def fill(module: nn.Module, tensors: dict[str, Tensor], what: str) -> None:
    """Load `tensors` into `module`, every one of them and nothing else.

    `what` names the weights in the sentence of the UserError that is raised for a missing, surplus or misshapen tensor.
    """
    expected = module.state_dict()
    missing = [name for name in expected if name not in tensors]
    surplus = [name for name in tensors if name not in expected]
    if missing or surplus:
        fault = f"the tensor {missing[0]} is missing" if missing else f"the tensor {surplus[0]} is unknown to it"
        raise UserError(f"{what} does not fit this net: {fault}. Choose the weights that belong to the net.")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            raise UserError(
                f"{what} does not fit this net: the tensor {name} is {tuple(tensor.shape)}, expected "
                f"{tuple(expected[name].shape)}. Choose the weights that belong to the net."
            )
    import torch

    with torch.no_grad():
        module.load_state_dict(tensors)


def card(name: str) -> dict:
    """Return the card of the shipped weights `name`. Raises UserError, which lists all names, where there is none."""
    files = {path.stem: path for path in sorted(WEIGHTS.glob("*.json"))}
    if name not in files:
        raise UserError(f"There are no shipped weights named {name}; there are: {', '.join(files) or 'none'}.")
    return json.loads(files[name].read_text("utf-8"))


def cards(kind: str | None = None) -> dict[str, dict]:
    """Return the cards of all shipped weights by name, or those of one kind ("classifier" or "pastiche")."""
    by_name = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(WEIGHTS.glob("*.json"))}
    return {name: card for name, card in by_name.items() if kind in (None, card["kind"])}
