"""The format of TensorBoard event files: checksums, records and fields."""

import struct
from pathlib import Path

from core.runs import archive, events
from tests.runs_on_disk import digits_run


def test_checksums_are_those_of_the_format():
    def unmasked(crc: int) -> int:
        rotated = (crc - 0xA282EAD8) & 0xFFFFFFFF
        return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF

    assert unmasked(events.masked_crc(b"123456789")) == 0xE3069283  # the check value of CRC-32C
    assert unmasked(events.masked_crc(b"")) == 0


def read_events(path: Path) -> list[bytes]:
    """Return the records of an event file, after a check of their checksums."""
    data, place, records = path.read_bytes(), 0, []
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        assert struct.unpack_from("<I", data, place + 8)[0] == events.masked_crc(data[place : place + 8])
        record = data[place + 12 : place + 12 + length]
        assert struct.unpack_from("<I", data, place + 12 + length)[0] == events.masked_crc(record)
        records.append(record)
        place += 16 + length
    return records


def test_event_files_hold_each_split_under_the_same_tags(tmp_path):
    run = digits_run()
    written = archive.tensorboard(run, tmp_path)
    folders = [path.parent.relative_to(tmp_path / run.id).as_posix() for path in written]
    assert folders == [".", "train", "test"]
    assert all(path.name.startswith("events.out.tfevents.") for path in written)
    version, only = read_events(written[2])
    assert version.endswith(b"brain.Event:2")
    assert b"\x0a\x05error\x15" + struct.pack("<f", 12.5) in only
    assert b"\x10\x2c" in only, "step 44"
    assert b"learning_rate" in read_events(written[0])[1] and b"learning_rate" not in only
    assert len(read_events(written[1])) == 3


def test_large_steps_and_lengths_take_several_bytes(tmp_path):
    events.write(tmp_path / "events", 1.0, [(2.0, 300, {"t" * 200: 0.5})])
    _, record = read_events(tmp_path / "events")
    assert record[:9] == b"\x09" + struct.pack("<d", 2.0) and record[9:12] == b"\x10\xac\x02"
    assert b"\xc8\x01" + b"t" * 200 in record
