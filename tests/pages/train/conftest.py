"""What the tests of the Train page share."""

import pytest

from core.runs import job
from core.runs.run import Run


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs whose process the page would have started; none is. There is room for one at a time."""
    runs: list[Run] = []
    monkeypatch.setenv("ATELIER_JOBS", "1")

    def start(run: Run) -> int:
        runs.append(run)
        run.report("starting", pid=1)
        return 1

    monkeypatch.setattr(job, "start", start)
    return runs
