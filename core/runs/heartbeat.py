"""Age of a training's heartbeat, unaffected by changes of the wall clock."""

import functools
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.runs.values import is_number


@dataclass(frozen=True)
class _Seen:
    """A heartbeat when this process first read it: its wall time, its age then, and times of time.monotonic()."""

    beat: float
    age: float
    first_read: float
    last_read: float


_seen: dict[str, _Seen] = {}


def stamp(age: float = 0.0) -> dict[str, Any]:
    """Return the fields of a status that date it, `age` seconds ago: wall clock, clock since the boot, and the boot."""
    return {"heartbeat": time.time() - age, "monotonic": time.monotonic() - age, "boot": _boot()}


def age(of: str, saved: dict[str, Any]) -> float:
    """Return the seconds since the stamp in `saved`, a status of the run folder `of`; 0 or more.

    A stamp of this machine since its last boot is compared with the clock of that boot. Any other is compared with the
    wall clock when it is first read, and ages by this process's own clock from then on: a stamp that changes is a sign
    of life, whatever its time, and one that does not change grows old.
    """
    monotonic, boot = saved.get("monotonic"), saved.get("boot")
    if boot and boot == _boot() and is_number(monotonic):
        return max(0.0, time.monotonic() - monotonic)
    beat, now = float(saved["heartbeat"]), time.monotonic()
    seen = _seen.get(of)
    if seen is None or seen.beat != beat:
        by_wall_clock = max(0.0, time.time() - beat)
        seen = _Seen(beat, by_wall_clock if seen is None else min(by_wall_clock, now - seen.last_read), now, now)
    _seen[of] = replace(seen, last_read=now)
    return seen.age + now - seen.first_read


@functools.cache
def _boot() -> str:
    """Return the id of this boot of this machine; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    except OSError:
        return ""
