"""The form of a study: source model, target data set, ways of training, numbers of pictures, and the start button."""

from typing import Any

import streamlit as st

from core import datasets, hardware
from core.datasets import folder
from core.runs import queue
from core.trainers import trained
from core.transfer_learning import study as studies
from core.transfer_learning.study import ALL, WAYS, Study
from ui import nets, own_pictures
from ui.buttons import firm
from ui.frame import guard
from web import address, formats

OWN = "own"
PICTURES = (10, 100, 1000, ALL)
WAY_LABELS = {"frozen": "Linear probe", "fine_tuned": "Fine-tuning", "scratch": "From scratch"}


def choose() -> None:
    """Draw the controls of a study and the button that starts it."""
    titles = nets.titles(own_first=False)
    if "ways" in st.query_params and "source" not in st.query_params:
        # A link from before: its source model was the first that can be trained whole, and it says in which ways.
        titles = dict(sorted(titles.items(), key=lambda item: item[0] in trained.packaged()))
    source = address.choice(
        "source", "Source model", tuple(titles), lambda name: titles[name],
        help="Shipped nets, and the nets of your own runs with the weights saved last.",
    )  # fmt: skip
    dataset = choose_data(source)
    ways, pictures = choose_ways(source), choose_pictures()
    place = st.container()  # the button stays where it is when the rest is opened
    with st.expander("More"):
        changes = more(source)
    if dataset is None:
        st.caption("Enter where your pictures are: a few dozen are enough to try.")
        return
    with place, guard():
        study = Study(source, dataset, tuple(sorted(pictures, key=lambda each: each or 1e9)), tuple(ways), **changes)
        time = formats.duration(studies.seconds(study))
        if firm("Start", key="start transfer", type="primary", icon=":material/play_arrow:", width="stretch"):
            start(study)
            st.rerun()
        st.caption(f"About {time} on this machine when nothing else runs. It learns in a process of its own.")


def choose_data(source: str) -> str | None:
    """Return the name of the target data set; the user's own pictures have the size of the source model's input.

    None as long as the user has named no pictures.
    """
    kind = address.choice(
        "dataset", "Target data set", ("toybox", *(name for name in datasets.names() if name != "toybox"), OWN),
        lambda name: "Your own pictures" if name == OWN else datasets.info(name).title,
    )  # fmt: skip
    if kind != OWN:
        images = datasets.info(kind)
        if not images.embedded:
            st.caption(f"{images.download_mb} MB are downloaded once.")
        return kind
    low, high = folder.LIMITS["side"]
    return own_pictures.choose(lambda: min(high, max(low, trained.open_named(source).side)))


def choose_ways(source: str) -> list[str]:
    """Draw the choice of the ways of training and return those of WAYS that are chosen."""
    if source in trained.packaged():
        st.caption("A linear probe on its features at every depth. To train whole nets, choose a smaller source model.")
        return ["frozen"]
    return address.pills(
        "ways",
        "Training",
        WAYS,
        ("frozen",),
        WAY_LABELS.__getitem__,
        help="Linear probe: a linear head on the frozen features, at every depth, in seconds. Fine-tuning: every "
        "weight is trained on, at a lower rate. From scratch: the same net from random weights, to compare with.",
    )


def choose_pictures() -> list[int]:
    """Draw the choice of the numbers of training pictures a class and return them; ALL stands for every one."""
    chosen = address.pills(
        "pictures",
        "Training pictures a class",
        tuple(map(str, PICTURES)),
        ("10", "100"),
        lambda each: f"{int(each):,}" if int(each) else "All",
        help="Drawn by the seed, as many of every class; a larger draw holds the smaller ones.",
    )
    return [int(each) for each in chosen]


def more(source: str) -> dict[str, Any]:
    """Draw the controls behind "More" and return their values by the fields of Study."""
    whole = {} if source in trained.packaged() else more_of_whole_nets()
    return whole | {
        "seed": address.number(
            "seed", "Seed", (0, 2**31 - 1), help="Another seed: other pictures, other weights."
        ),
        "threads": st.number_input(
            "Processor cores", 1, hardware.cores(), hardware.spare_threads(), key="threads",
            help="One left free keeps these pages quick.",
        ),
        "flips": address.toggle(
            "flips", "Horizontal flips", help="Linear probes learn from the flipped training pictures as well."
        ),
    }  # fmt: skip


def more_of_whole_nets() -> dict[str, Any]:
    """Draw the controls of trainings of whole nets and return their values by the fields of Study."""
    return {
        "rate": address.step(
            "rate", "Fine-tuning learning rate multiplier", (0.01, 0.03, 0.1, 0.3, 1.0), Study.rate,
            format_func=lambda factor: f"{factor:g}x",
            help="On the learning rate of the preset: low, so that what was learned is not lost at once.",
        ),
        "epochs": address.number(
            "epochs", "Epochs of a whole net, 0: as in the preset", (0, 10_000),
            help="How often a net that is trained whole sees every picture.",
        ),
    }  # fmt: skip


def start(study: Study) -> None:
    """Create the run of a study, queue it and show it. Raises UserError where that cannot be."""
    run = studies.create(study)
    st.query_params["run"] = run.id
    queue.submit(run)
