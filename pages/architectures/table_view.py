"""The view of Tables 4.5 and 4.6 of the thesis, our own figures beside the printed ones."""

from typing import Any, Literal

import streamlit as st

from core.models import catalogue
from pages.architectures import tables
from ui import frame
from ui.frame import Layout, guard

HIDDEN = ("key", "dataset", "augmented")  # columns


def show(places: Layout) -> None:
    """Draw both tables, the larger one first."""
    with places.controls:
        st.caption(
            "A “+” after a data set: trained with random crops and flips. Errors are on the test images, in percent."
        )
    rows = []
    with places.result, guard():
        rows = tables.table_4_6(catalogued(), tables.measured())
        with frame.stage():
            table(rows, "table 4.6", "Table 4.6: every net of chapter 4.", height="stretch")
    with places.details, guard():
        st.header("Table 4.5: residual nets, deeper and deeper", anchor=False)
        table(tables.table_4_5(rows), "table 4.5", "Table 4.5: residual nets.", height="content")
        st.caption("Above them: Table 4.6, every net of chapter 4.")
        st.markdown(tables.NOTE)
        frame.takeaway(
            "Depth with shortcuts buys accuracy, width buys it faster, and reusing maps buys it with fewest weights."
        )


@st.cache_data(show_spinner=False)
def catalogued() -> list[dict[str, Any]]:
    """Return the rows of the catalogue, whose costs take a moment to count."""
    return catalogue.rows()


def table(rows: list[dict[str, Any]], key: str, alt: str, height: Literal["stretch", "content"]) -> None:
    """Draw one table."""
    number = st.column_config.NumberColumn
    percent = number(format="%.2f", help="Of the test images, in percent.")
    st.dataframe(
        [{name: value for name, value in row.items() if name not in HIDDEN} for row in rows],
        key=key,
        alt=alt,
        height=height,
        hide_index=True,
        placeholder="–",
        column_config={
            "parameters": number(format="localized"),
            "printed": st.column_config.TextColumn(help="Parameters as the thesis prints them."),
            "multiply-adds": number(
                format="compact", help="Of convolutions and linear layers, for one image, forward."
            ),
            "our error": percent,
            "thesis' error": percent,
            "difference": number(format="%+.2f", help="Ours minus the thesis', in percentage points."),
        },
    )
