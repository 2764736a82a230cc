"""The screen speaks the field's words: none of the old phrases stands in a label, option, help text or caption.

Every string of `pages/`, `ui/` and `web/` is read from the source, so that states which no visit reaches are covered
too; `test_shown_words.py` reads what visited pages show.
"""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Old phrase (a regular expression) -> what to say instead.
OLD = {
    r"learn(s|ing|t)? (it )?by heart": "overfit, overfitting, Regularisation",
    r"[Rr]ate of the shifts": "Bias learning rate",
    r"times the schedule's": "Learning rate multiplier",
    r"\bAs scheduled\b": "Reset to 1x",
    r"next step is taken at": "Current learning rate",
    r"last epoch counts": "Weights of the last epoch are used",
    r"\b[Jj]udg(ed?|ing)\b": "Evaluated on, Evaluation",
    r"\bheld[- ]out\b|\bimages held\b|\bheld back\b": "test images, validation images",
    r"kept along the way|[Ee]pochs kept|[Kk]ept epochs|\bWith epochs\b": "Checkpoints",
    r"^Chance$|[Ss]eed of the (order|noise)": "Random seeds, Shuffling seed, Augmentation and dropout seed",
    r"^Numbers$": "Precision",
    r"[Vv]iews of a test image|\bover \S+ views\b": "Test-time augmentation",
    r"[Cc]rop and mirror|\b[Mm]irror(s|ed|ing)?\b|comes in from outside": (
        "Random crop and flip, Horizontal flip, Padding mode"
    ),
    r"^Recipe$": "Training preset",
    r"^A figure$": "Reproduce a thesis figure",
    r"^Beside it$|\bWhat if\b": "Compare with, Modify the architecture",
    r"\b[Tt]aken for\b|\btook (it|for|the image for|this image for)\b|^Truth$|\bin truth\b": "Predicted, True class",
    r"[Ww]orst first|Ask me first|[Tt]ake the newer weights": "Sort by, Quiz mode, Refresh",
    r"[Ss]quare that the net is shown|[Ss]trength of the colours": "Network input, Heat map opacity",
    r"[Hh]ow faithful are|look at no image|never looks": "Faithfulness, constant-box baseline",
    r"features travel|[Ff]eatures that travel|\b[Tt]ried on\b|^(Head|Whole|Scratch)$|taken behind": (
        "Source model, Target data set, Linear probe, Fine-tuning, From scratch, layer"
    ),
    r"^Along$": "X axis",
    r"carried out to its end": "Training finished",
    r"^Iterate$|^Train styles$|[Pp]astiche nets?\b|Compact, our own": (
        "Style transfer by optimisation, Train a style network, style network, Compact (built in)"
    ),
    r"[\d}] %(?!\w)": "0.56%",
}


def offences(text: str) -> list[str]:
    """Return "old phrase -> new words" for each old phrase in `text`."""
    return [f"{match[0]!r} -> {new}" for old, new in OLD.items() if (match := re.search(old, text))]


def strings(file: Path) -> list[tuple[int, str]]:
    """Return the line and text of every string in a source file but docstrings; "}" stands for a formatted value."""
    tree = ast.parse(file.read_text("utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    found = []
    for node in ast.walk(tree):
        if id(node) in docstrings or id(node) in inner:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            found.append((node.lineno, "".join(map(str, parts))))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append((node.lineno, node.value))
    # A lower-case word alone is a key of an address, a record or a setting: it is not shown.
    return [(line, text) for line, text in found if not (text.isidentifier() and text.islower())]


SOURCES = sorted(path for room in ("pages", "ui", "web") for path in (REPOSITORY / room).rglob("*.py"))


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_no_old_phrase_stands_in_the_source_of_a_page(file: Path) -> None:
    wrong = [f"{file.name}:{line}: {offence}" for line, text in strings(file) for offence in offences(text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("old", ["Taken for", "0.56 % error", "Judged on validation", "Rate of the shifts, times"])
def test_an_old_phrase_is_found(old: str) -> None:
    assert offences(old)
