"""Writing a run as TensorBoard event files, without TensorBoard, which needs a dozen packages.

An event file is a sequence of records of length, checksum, data and checksum (tensorflow/core/lib/io/record_writer.h).
The data is an Event message of protocol buffers (tensorflow/core/util/event.proto), of which scalars use four fields.
"""

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.runs.values import is_number

_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), reflected


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def write(path: Path, start: float, scalars: Iterable[tuple[float, int, Mapping[str, float]]]) -> None:
    """Write `scalars` (wall time in seconds, step, values by tag) as the event file `path`, begun at time `start`."""
    with path.open("wb") as file:
        file.write(_record(_double(1, start) + _bytes(3, b"brain.Event:2")))
        for moment, step, values in scalars:
            summary = b"".join(_bytes(1, _bytes(1, tag.encode()) + _float(2, value)) for tag, value in values.items())
            file.write(_record(_double(1, moment) + _integer(2, step) + _bytes(5, summary)))


def split_scalars(rows: Iterable[Mapping[str, Any]], split: str) -> Iterable[tuple[float, int, dict[str, float]]]:
    """Yield (seconds, step, values) for the rows with figures of a split, or of no split where `split` is empty.

    Tags are without the split's name ("error"), so that TensorBoard draws the splits in one chart.
    """
    for row in rows:
        step, seconds = row.get("step"), row.get("seconds", 0.0)
        if not isinstance(step, int) or not is_number(seconds):
            continue
        values = {
            key.removeprefix(f"{split}_"): float(value)
            for key, value in row.items()
            if is_number(value) and _belongs(key, split)
        }
        if values:
            yield seconds, step, values


SPLITS = ("train", "validation", "test")


def _belongs(key: str, split: str) -> bool:
    of = next((name for name in SPLITS if key.startswith(f"{name}_")), "")
    return of == split and key not in ("step", "seconds")


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def masked_crc(data: bytes) -> int:
    """Return the CRC-32C of `data`, rotated and with a constant added, as the format prescribes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & (1 << 64) - 1)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)
