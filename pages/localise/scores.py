"""The scores of the boxes: a headline and the table, each beside the constant-box baseline."""

import pandas as pd
import streamlit as st

from core.explain.localise import LEVELS
from pages.localise.search import Evaluation
from web.formats import escape_markdown

HALF = LEVELS.index(0.5)  # the level of the headline


def headline(evaluation: Evaluation) -> None:
    """Draw the accuracy at the threshold, beside that of the better constant box."""
    report, accuracy = evaluation.report, evaluation.score.accuracy[HALF]
    lead = accuracy - max(one.accuracy[HALF] for one in (report.whole, report.centre, report.constant))
    st.header(
        f"{accuracy:.1f}% of the boxes reach an IoU of 0.5, "
        f"{abs(lead):.1f} points {'more' if lead >= 0 else 'less'} than the constant-box baseline",
        anchor=False,
    )


def table(evaluation: Evaluation) -> None:
    """Draw all scores, and which images they were measured on."""
    report, pictures = evaluation.report, evaluation.pictures
    levels = [f"IoU {level:g}" for level in LEVELS]
    rows = {
        f"Map, threshold {evaluation.threshold:.2f}": evaluation.score,
        f"Map, chosen threshold {report.threshold:.2f}": report.score,
        "Whole picture": report.whole,
        "Centre box": report.centre,
        "Best constant box": report.constant,
    }
    percent = {name: st.column_config.NumberColumn(format="%.1f%%") for name in (*levels, "Mean", "Mean IoU")}
    named = st.column_config.NumberColumn(format="%.1f%%", help="IoU of 0.5 or more, and the true class predicted.")
    st.dataframe(
        pd.DataFrame(
            [
                [name, *score.accuracy, score.mean_accuracy, 100 * score.mean_iou, score.accuracy_with_class[HALF]]
                for name, score in rows.items()
            ],
            columns=["Box", *levels, "Mean", "Mean IoU", "With class"],
        ),
        hide_index=True,
        column_config={**percent, "With class": named},
        alt="Accuracy of the map's boxes and of the constant-box baseline",
    )
    st.caption(
        f"Evaluated on {pictures.source}; the threshold, the centre box and the best constant box are chosen on "
        f"{pictures.chosen_source}. A map that does not surpass the constant boxes has localised nothing."
    )
    for remark in pictures.remarks:
        st.caption(escape_markdown(remark))
