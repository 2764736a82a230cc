"""Transfer: what the features of a trained net are worth on other data (chapter 5): by depth, by pictures a class."""

from typing import Any

import streamlit as st

from core import datasets, hardware
from core.datasets import folder
from core.runs import archive, queue
from core.runs.run import Run, list_runs, root, shipped_root
from core.runs.status import Status
from core.trainers import trained
from core.transfer_learning import findings as travel
from core.transfer_learning import training as transfer
from core.transfer_learning.findings import Findings
from core.transfer_learning.training import ALL, KIND, TITLES, WAYS, Study
from pages.transfer import charts as travel_charts
from ui import address, formats, frame, menu, nets, own_pictures, run_card, run_states
from ui.buttons import firm
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch

OWN = "own"
PICTURES = (10, 100, 1000, ALL)
WORDS = {"frozen": "Head", "fine_tuned": "Whole", "scratch": "Scratch"}  # short enough for one row of a narrow column


def choose() -> None:
    """The controls: whose features, on what, what is learnt, from how many pictures; and the button that starts it."""
    found = nets.titles(own_first=False)
    source = address.choice(
        "source", "Net whose features travel", tuple(found), lambda name: found[name],
        help="Shipped nets, and the nets of your own runs with the weights saved last.",
    )  # fmt: skip
    dataset = choose_data(source)
    ways = st.pills(
        "What is learnt",
        WAYS,
        default=["frozen"],
        format_func=WORDS.__getitem__,
        selection_mode="multi",
        key="ways",
        help="Head: the features are frozen and tried at every depth, in seconds. Whole: every weight is trained "
        "on, at a lower rate. Scratch: the same net without what it learned before, to compare with.",
    )
    pictures = st.pills(
        "Training pictures a class",
        PICTURES,
        default=[10, 100],
        format_func=lambda each: f"{each:,}" if each else "All",
        selection_mode="multi",
        key="pictures",
        help="Drawn by the seed, as many of every class; a larger draw holds the smaller ones.",
    )
    place = st.container()  # the button stays where it is when the rest is opened
    with st.expander("More"):
        changes = more()
    if dataset is None:
        st.caption("Say where your pictures are: a few dozen are enough to try.")
        return
    with place, guard():
        study = Study(source, dataset, tuple(sorted(pictures, key=lambda each: each or 1e9)), tuple(ways), **changes)
        time = formats.duration(transfer.seconds(study))
        if firm("Start", key="start transfer", type="primary", icon=":material/play_arrow:", width="stretch"):
            start(study)
            st.rerun()
        st.caption(f"About {time} on this machine when nothing else runs. It learns in a process of its own.")


def choose_data(source: str) -> str | None:
    """What the features are tried on; the user's own pictures come at the side that the net knows."""
    kind = address.choice(
        "dataset", "Tried on", ("toybox", *(name for name in datasets.names() if name != "toybox"), OWN),
        lambda name: "Your own pictures" if name == OWN else datasets.info(name).title,
    )  # fmt: skip
    if kind != OWN:
        known = datasets.info(kind)
        if not known.embedded:
            st.caption(f"{known.download_mb} MB are downloaded once.")
        return kind
    low, high = folder.LIMITS["side"]
    return own_pictures.choose(lambda: min(high, max(low, trained.open_named(source).side)))


def more() -> dict[str, Any]:
    return {
        "rate": st.select_slider(
            "Rate in fine-tuning, times the recipe's", (0.01, 0.03, 0.1, 0.3, 1.0), Study.rate, key="rate",
            format_func=lambda factor: f"× {factor:g}", help="Low, so that what was learned is not lost at once.",
        ),
        "epochs": st.number_input(
            "Epochs of a whole net, 0: the recipe's", 0, 10_000, 0, key="epochs",
            help="How often a net that is trained whole sees every picture.",
        ),
        "seed": st.number_input(
            "Seed", 0, 2**31 - 1, 0, key="seed", help="Another seed: other pictures, other weights."
        ),
        "threads": st.number_input(
            "Processor cores", 1, hardware.cores(), hardware.spare_threads(), key="threads",
            help="One left free keeps these pages quick.",
        ),
    }  # fmt: skip


def start(study: Study) -> None:
    """Make the run, hand it to the queue and show it. Raises UserError where that cannot be."""
    run = transfer.create(study)
    st.query_params["run"] = run.id
    queue.submit(run)


def draw(run: Run, status: Status) -> None:
    """The card and the charts of a study."""
    found = travel.findings(run)
    card(run, status)
    depth(found)
    pictures(found)
    results(run, found)


def card(run: Run, status: Status) -> None:
    """What is tried on what, how far it is, and the controls."""
    with run_card.box(run, status, about(run)):
        if not run.shipped:
            run_card.progress_and_controls(run, status, describe=progress)
        for remark in run.data.get("remarks", []):
            st.caption(str(remark))


def about(run: Run) -> str:
    """The settings that a reader of the charts wants to know."""
    settings = run.settings
    words = [TITLES[way] for way in settings.get("ways", []) if way in TITLES]
    length = f"{settings['epochs']} epochs" if settings.get("epochs") else ""  # else the recipe's
    came = "came with Atelier" if run.shipped else ""
    return " · ".join(filter(None, (", ".join(words), length, f"seed {settings.get('seed', '?')}", came)))


def progress(status: Status) -> tuple[float, str]:
    """How far a study is, and what it is doing."""
    known = status.progress
    if "downloading" in known or not known.get("steps"):
        return run_states.progress(status)
    done, steps, share = known.get("step", 0), known["steps"], known.get("share", 0.0)
    doing = f": {known['doing'][:1].lower()}{known['doing'][1:]}" if known.get("doing") else ""
    left = f", {run_states.time_left(status)} left" if known.get("seconds_left") else ""
    inside = f", {100 * share:.0f} %" if share else ""
    return min(1.0, (done + share) / steps), f"Step {min(done + 1, steps)} of {steps}{doing}{inside}{left}"


def depth(found: Findings) -> None:
    """The accuracy of a linear head by the depth at which it takes the features."""
    if not found.depths:
        return
    st.subheader("By depth", anchor=False)
    st.altair_chart(
        travel_charts.by_depth(found),
        key="depth curve",
        alt="Test accuracy in percent of a linear head on the frozen features, by the place in the net they are from.",
    )
    for sentence in travel.about_depth(found):
        st.markdown(sentence)


def pictures(found: Findings) -> None:
    """The accuracy of the ways to train a net by the number of pictures there are."""
    if not found.nets:
        return
    st.subheader("By number of pictures", anchor=False)
    st.altair_chart(
        travel_charts.by_pictures(found),
        key="pictures curve",
        alt="Test accuracy in percent over the training pictures a class: features frozen, fine-tuned, from scratch.",
    )
    for sentence in travel.about_pictures(found):
        st.markdown(sentence)
    for failure in found.failures:
        st.caption(failure)


def results(run: Run, found: Findings) -> None:
    """The figures as a table and as files, and the nets to look into."""
    if not (found.depths or found.nets):
        return
    with st.expander("Figures and how they were found"):
        if found.depths:
            columns = {name: st.column_config.NumberColumn(format="%.1f") for name in travel_charts.counts(found)}
            st.dataframe(
                travel_charts.table(found), hide_index=True, column_config=columns,
                alt="For every cut of the net its layers, parameters and accuracies.",
            )  # fmt: skip
        st.caption(
            "The features at each place are averaged over the image, computed once, and a logistic regression is "
            "fitted to them by L-BFGS. Its L2 penalty is the one of five that errs least on validation; the test split "
            "is measured with that one. Whole nets are trained by their data set's quick recipe, the epoch chosen on "
            "validation; only they see shifted and, where the recipe says so, mirrored pictures."
        )
        st.download_button(
            "Figures, CSV", lambda: archive.csv([run]), f"{run.id}.csv", "text/csv", icon=":material/table:",
            on_click="ignore", key=f"csv {run.id}", help="Every row of the study.",
        )  # fmt: skip
    whole = [net for net in found.nets if (root() / net.run / "model.safetensors").exists()]
    if whole:
        with st.expander("The nets of this study"):
            for net in whole:
                ways_on(net)


def ways_on(net: travel.NetResult) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        said = f"{TITLES[net.way].capitalize()}, {travel.many(net.pictures)}: {net.accuracy:.1f} %"
        st.markdown(said, width="content")
        for page, label, icon in (
            ("mistakes", "Mistakes", ":material/rule:"),
            ("explain", "Explain", ":material/center_focus_strong:"),
        ):
            menu.link(page, label, icon, {"run": net.run})


def invite() -> None:
    """Instead of an empty page: what will be found out, and the one button that starts it."""
    st.subheader("No study yet", anchor=False)
    st.markdown(
        "Does a net that learned cats and ships help with toys it has never seen? Try its features, layer by layer."
    )
    usual = Study("resnet20_cifar10", "toybox", (10, 100), ("frozen",), threads=hardware.spare_threads())
    if firm("Try ResNet-20's features on the toybox", key="try features", icon=":material/play_arrow:"):
        start(usual)
        st.rerun()


controls, picture = frame.columns()
with controls, guard():
    choose()
with picture, guard():
    runs = list_runs(KIND, shipped=True)
    chosen = shown_run("transfer", runs)
    if chosen is None:
        invite()
    else:
        with guard():
            own = folder_of(chosen)
            watch(own if own.is_dir() else shipped_root() / own.name, draw)
        earlier("Studies", runs, chosen)
    frame.takeaway(
        "The first layers of a net see edges and colours, which are the same everywhere; the last ones see what they "
        "were taught. The fewer pictures there are of your own, the more is won by what was learned on others."
    )
