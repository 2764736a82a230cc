"""Which Python `make` makes the virtual environment with; every Python here is a script that pretends."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
TOOLS = ("make", "sh", "touch", "mkdir", "cat", "chmod", "rm")
SHIM = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
]


def pretender(version: tuple[int, int], *, missing: str = "") -> str:
    """Return a script that runs code as that version of Python, and makes a .venv of scripts instead of installing."""
    before = f"import sys; sys.version_info = ({version[0]}, {version[1]}, 0); sys.modules[{missing!r}] = None"
    inside = f"""#!/bin/sh
[ "$1" = -c ] && exec {sys.executable} -c "{before}
$2"
echo "installed by {version[0]}.{version[1]}"
"""
    return f"""#!/bin/sh
[ "$1" = -c ] && exec {sys.executable} -c "{before}
$2"
[ "$3" = --clear ] && rm -rf .venv
mkdir -p .venv/bin
echo version > .venv/pyvenv.cfg
cat > .venv/bin/python <<'END'
{inside}END
printf '#!/bin/sh\\necho served\\n' > .venv/bin/streamlit
chmod +x .venv/bin/python .venv/bin/streamlit
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the Makefile, the requirements and a folder `bin` with what the Makefile's recipes need."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def add(project: Path, **pythons: str) -> None:
    """Put Pythons on the PATH: `python3_12=...` is the script of `python3.12`."""
    for name, script in pythons.items():
        path = project / "bin" / name.replace("_", ".")
        path.write_text(script, "utf-8")
        path.chmod(0o755)


def make_run(project: Path, *variables: str) -> subprocess.CompletedProcess[str]:
    """Run `make run` with nothing on the PATH but the project's `bin`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    return subprocess.run(
        ["make", "run", *variables],
        cwd=project,
        env=environment | {"PATH": str(project / "bin")},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_newest_python_that_runs_is_taken(project: Path) -> None:
    old = pretender((3, 10))
    add(project, python3_13=SHIM, python3_12=pretender((3, 12)), python3_11=pretender((3, 11)), python3=old)
    done = make_run(project)
    assert done.returncode == 0, done.stderr
    assert "installed by 3.12" in done.stdout and "served" in done.stdout


@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_python3_is_taken_where_it_is_the_only_one(project: Path, version: tuple[int, int]) -> None:
    add(project, python3=pretender(version))
    assert f"installed by 3.{version[1]}" in make_run(project).stdout


def test_a_python_that_cannot_make_an_environment_is_passed_over(project: Path) -> None:
    add(project, python3_13=pretender((3, 13), missing="ensurepip"), python3=pretender((3, 11)))
    assert "installed by 3.11" in make_run(project).stdout


def test_where_there_is_no_python_one_sentence_is_printed(project: Path) -> None:
    add(project, python3_12=SHIM, python3=pretender((3, 10)))
    done = make_run(project)
    assert done.returncode != 0 and not (project / ".venv").exists()
    sentence = done.stderr.splitlines()[0]
    assert sentence.startswith("No Python 3.11 or later") and "make run PYTHON=" in sentence


def test_a_named_python_comes_first_and_must_be_recent(project: Path) -> None:
    add(project, python3_13=pretender((3, 13)), mine=pretender((3, 11)), old=pretender((3, 10)))
    refused = make_run(project, "PYTHON=old")
    assert refused.returncode != 0
    assert refused.stderr.startswith("old does not run as Python 3.11 or later")
    assert "installed by 3.11" in make_run(project, "PYTHON=mine").stdout


def test_an_environment_is_kept_and_installed_into_once(project: Path) -> None:
    add(project, python3_11=pretender((3, 11)))
    make_run(project)
    again = make_run(project)
    assert again.stdout == "served\n" and again.returncode == 0


@pytest.mark.parametrize("python", [SHIM, pretender((3, 10))], ids=["broken", "old"])
def test_an_environment_without_a_recent_python_is_made_anew(project: Path, python: str) -> None:
    add(project, python3_11=pretender((3, 11)))
    make_run(project)
    (project / ".venv" / "bin" / "python").write_text(python, "utf-8")
    done = make_run(project)
    assert "made anew" in done.stdout and "installed by 3.11" in done.stdout, done.stderr
