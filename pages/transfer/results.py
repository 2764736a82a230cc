"""The results of a study: its charts, its table and the nets it has trained."""

from typing import Literal

import streamlit as st

from core.runs import archive
from core.runs.run import Run, root
from core.transfer_learning import findings
from core.transfer_learning.findings import Findings, NetResult
from core.transfer_learning.study import TITLES
from pages.transfer import charts
from ui import frame, menu, messages
from web.formats import escape_markdown

DEPTH, PICTURES = "depth", "pictures"
CHARTS = {DEPTH: "Accuracy by depth", PICTURES: "Accuracy by number of pictures"}
ALTS = {
    DEPTH: "Test accuracy in percent of a linear probe on the frozen features, by the layer they are from.",
    PICTURES: "Test accuracy in percent over the training pictures a class: frozen features, fine-tuned, from scratch.",
}


def draw_large(run: Run, chart: str) -> None:
    """Draw the chosen one of CHARTS in the stage; the other one where a study has only that."""
    study = findings.findings(run)
    shown = drawn(study)
    if not shown:
        messages.empty("No figures yet: the first come as soon as the features of all pictures are computed.")
        return
    with frame.stage():
        draw_chart(study, chart if chart in shown else shown[0], height="stretch")


def draw_details(run: Run, chart: str) -> None:
    """Draw what the charts of a study say, the one that is not in the stage, its table and the nets it has trained."""
    study = findings.findings(run)
    for remark in run.study.remarks:
        st.caption(escape_markdown(remark))
    for name in drawn(study):
        st.header(CHARTS[name], anchor=False)
        if name != chart and len(drawn(study)) > 1:
            draw_chart(study, name, height=charts.HEIGHT)
        for sentence in findings.about_depth(study) if name == DEPTH else findings.about_pictures(study):
            st.markdown(escape_markdown(sentence))
    for failure in study.failures:
        st.caption(escape_markdown(failure))
    draw_tables(run, study)


def drawn(study: Findings) -> list[str]:
    """Return the names of the charts for which a study has figures."""
    return [name for name, points in ((DEPTH, study.depths), (PICTURES, study.nets)) if points]


def draw_chart(study: Findings, name: str, height: int | Literal["stretch"]) -> None:
    """Draw one of CHARTS: a linear probe's accuracy by the depth of its features, or every way's by the pictures."""
    chart = charts.by_depth(study) if name == DEPTH else charts.by_pictures(study)
    st.altair_chart(chart, key=f"{name} {height}", alt=ALTS[name], height=height)


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
