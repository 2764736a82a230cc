"""`python -m core` as a process: its output and its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.__main__ import COMMANDS, main
from core.errors import UserError

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_no_arguments_print_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("models", "explain", "stylize", "styles"))


def test_help_imports_neither_torch_nor_matplotlib() -> None:
    code = "import sys, core.__main__ as c; c.main([]); sys.exit(bool({'torch', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True).returncode == 0


def test_models_as_json_from_a_shell() -> None:
    done = _python("models", "--json")
    assert done.returncode == 0 and done.stderr == ""
    rows = json.loads(done.stdout)
    assert isinstance(rows, list)
    for row in rows:
        assert {"name", "dataset", "depth", "parameters", "multiply_adds", "thesis", "weights"} <= set(row)


def test_an_unknown_command_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["modles"])
    printed = capsys.readouterr()
    assert caught.value.code == 2 and "modles" in printed.err and "stylize" in printed.err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0 and f"python -m core {name}" in capsys.readouterr().out


def test_a_user_error_is_a_sentence_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(args: object) -> int:
        raise UserError("The picture is upside down: turn it.")

    monkeypatch.setattr("core.commands.models.run", refuse)
    assert main(["models"]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err == "python -m core models: The picture is upside down: turn it.\n"


def test_a_missing_picture_gives_no_traceback(tmp_path: Path) -> None:
    done = _python("explain", str(tmp_path / "none.jpg"), str(tmp_path / "out.png"), "--model", "nothing")
    assert done.returncode == 2 and done.stdout == ""
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_an_interrupt_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.commands.models.run", interrupt)
    assert main(["models"]) == 130
    assert capsys.readouterr().err == ""


def test_a_closed_pipe_gives_no_traceback() -> None:
    script = f"{sys.executable} -m core models --json | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
