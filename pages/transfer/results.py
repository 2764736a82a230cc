"""The results of a study: its charts, its table and the nets it has trained."""

import streamlit as st

from core.runs import archive
from core.runs.run import Run, root
from core.transfer_learning import findings
from core.transfer_learning.findings import Findings, NetResult
from core.transfer_learning.study import TITLES
from pages.transfer import charts
from ui import menu


def draw(run: Run) -> None:
    """Draw the results that a study has so far."""
    study = findings.findings(run)
    draw_depths(study)
    draw_nets(study)
    draw_tables(run, study)


def draw_depths(study: Findings) -> None:
    """Draw the accuracy of a linear probe by the depth of its features."""
    if not study.depths:
        return
    st.subheader("By depth", anchor=False)
    st.altair_chart(
        charts.by_depth(study),
        key="depth curve",
        alt="Test accuracy in percent of a linear probe on the frozen features, by the layer they are from.",
    )
    for sentence in findings.about_depth(study):
        st.markdown(sentence)


def draw_nets(study: Findings) -> None:
    """Draw the accuracy of the ways to train a net by the number of training pictures."""
    if not study.nets:
        return
    st.subheader("By number of pictures", anchor=False)
    st.altair_chart(
        charts.by_pictures(study),
        key="pictures curve",
        alt="Test accuracy in percent over the training pictures a class: frozen features, fine-tuned, from scratch.",
    )
    for sentence in findings.about_pictures(study):
        st.markdown(sentence)
    for failure in study.failures:
        st.caption(failure)


def draw_tables(run: Run, study: Findings) -> None:
    """Draw the figures as a table and offer them as a file; link to the pages that look into the nets."""
    if not (study.depths or study.nets):
        return
    with st.expander("Figures and how they were measured"):
        if study.depths:
            columns = {name: st.column_config.NumberColumn(format="%.1f") for name in charts.accuracy_columns(study)}
            st.dataframe(
                charts.table(study), hide_index=True, column_config=columns,
                alt="For every layer of the net what comes before it, its parameters and accuracies.",
            )  # fmt: skip
        st.caption(
            "The features of each layer are averaged over the image, computed once, and a logistic regression is "
            "fitted to them by L-BFGS. Its L2 penalty is the one of five that errs least on validation; the test split "
            "is measured with that one. Whole nets are trained by their data set's quick preset, the epoch chosen on "
            "validation; only they see shifted and, where the preset has it, flipped pictures."
        )
        st.download_button(
            "Figures, CSV", lambda: archive.csv([run]), f"{run.id}.csv", "text/csv", icon=":material/table:",
            on_click="ignore", key=f"csv {run.id}", help="Every row of the study.",
        )  # fmt: skip
    with_weights = [net for net in study.nets if (root() / net.run / "model.safetensors").exists()]
    if with_weights:
        with st.expander("The nets of this study"):
            for net in with_weights:
                link_pages(net)


def link_pages(net: NetResult) -> None:
    """Draw links to the pages that look into a net of the study."""
    with st.container(horizontal=True, vertical_alignment="center"):
        label = f"{TITLES[net.way].capitalize()}, {findings.many(net.pictures)}: {net.accuracy:.1f}%"
        st.markdown(label, width="content")
        for page, title, icon in (
            ("mistakes", "Mistakes", ":material/rule:"),
            ("explain", "Explain", ":material/center_focus_strong:"),
        ):
            menu.link(page, title, icon, {"run": net.run})
