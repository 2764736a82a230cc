"""Signs of life of a training, told by clocks that nobody sets: a wall clock that jumps neither kills a run nor keeps a
dead one alive.
"""

import functools
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class _Seen:
    """A heartbeat as this process came to know it: its age then, and when (by time.monotonic) that was."""

    beat: float
    age: float
    since: float
    looked: float


_seen: dict[str, _Seen] = {}


def stamp(age: float = 0.0) -> dict[str, Any]:
    """What a status says of its moment, `age` seconds ago: the wall clock, and the clock that runs since the boot."""
    return {"heartbeat": time.time() - age, "monotonic": time.monotonic() - age, "boot": _boot()}


def age(of: str, saved: dict[str, Any]) -> float:
    """Seconds since the stamp in `saved`, a status of the run folder `of`; 0 or more.

    A stamp of this machine since its last boot is told by the clock of that boot. Any other is told by the wall clock
    when it is first seen, and from then on by this process' own clock: a stamp that changes is a sign of life, whatever
    time it claims, and one that does not grows old.
    """
    monotonic, boot = saved.get("monotonic"), saved.get("boot")
    if boot and boot == _boot() and isinstance(monotonic, int | float):
        return max(0.0, time.monotonic() - monotonic)
    beat, now = float(saved["heartbeat"]), time.monotonic()
    known = _seen.get(of)
    if known is None or known.beat != beat:
        first = max(0.0, time.time() - beat)
        known = _Seen(beat, first if known is None else min(first, now - known.looked), now, now)
    _seen[of] = replace(known, looked=now)
    return known.age + now - known.since


@functools.cache
def _boot() -> str:
    """What tells this boot from every other, of this machine or another; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    except OSError:
        return ""
