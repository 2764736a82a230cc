"""Find a Chromium to drive, or fetch one: an installed browser, else Playwright's own, else Debian's package.

`python -m tests.e2e.browser` fetches one and prints its path; the tests only look for one, and skip without it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
NONE = (
    "There is no Chromium or Chrome here and none could be fetched, so the browser tests are skipped: "
    "install Chromium and run them again."
)
# Headless in a container, and without any traffic of the browser's own.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> Path | None:
    """Return the browser that starts, an installed one first; None where there is none.

    Call it outside of `sync_playwright()`: it opens one of its own.
    """
    installed = [path for name in NAMES if (path := shutil.which(name))]
    return next((Path(path) for path in (*installed, *MAC, playwrights_own()) if starts(path)), None)


def fetch() -> Path | None:
    """Return what `find` returns, or else Playwright's download, or else Debian's package."""
    return find() or fetch_by_playwright() or fetch_by_apt()


def playwrights_own() -> str:
    """Return where Playwright keeps its Chromium, whether or not it is there."""
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def starts(path: str) -> bool:
    """Return whether the program runs here: a download without its system libraries does not."""
    if not Path(path).exists():
        return False
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def fetch_by_playwright() -> Path | None:
    succeeds([sys.executable, "-m", "playwright", "install", "chromium"])
    return find()


def fetch_by_apt() -> Path | None:
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        return None
    if succeeds(["apt-get", "update"]):
        succeeds(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    return find()


def succeeds(command: list[str]) -> bool:
    print("+", " ".join(command), flush=True)
    try:
        return subprocess.run(command, timeout=600).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    path = fetch()
    print(f"The browser tests use {path}." if path else NONE)
