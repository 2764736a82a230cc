"""A net drawn stage by stage, whose stages open to show their layers."""

from html import escape

import streamlit as st

from core.models.blueprint import Blueprint, Stage
from pages.architectures import block_svg, blueprint_svg, labels, svg
from pages.architectures.svg import Piece

# A stage is a <details>: it opens without the server, by click, tap or key.
_CSS = """
.net { container-type: inline-size; font-family: var(--st-font); color: var(--st-text-color); line-height: 0; }
.net svg { display: block; overflow: visible; }
.stages { max-width: 520px; }
.beside { display: none; }
summary { cursor: pointer; list-style: none; border-radius: 6px; }
summary::-webkit-details-marker { display: none; }
summary:hover, summary:focus-visible { background: var(--st-secondary-background-color); outline: none; }
summary:focus-visible { box-shadow: 0 0 0 2px var(--st-primary-color); }
.layers { border-left: 2px solid var(--st-border-color); margin: 2px 0 8px 4px; padding-left: 6px; }
@container (min-width: 760px) {  /* room for all layers beside the stages */
  .net > div:has(.beside) { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
  .beside { display: block; border-left: 2px solid var(--st-border-color); padding-left: 12px; }
}
"""
_JS = """
export default function ({ parentElement, data }) {
  const place = parentElement.querySelector(".net");
  const same = place.dataset.net === data.net;
  if (!same || place.dataset.beside !== String(data.beside)) {
    const opened = same ? [...place.querySelectorAll("details[open]")].map((stage) => stage.dataset.stage) : [];
    place.dataset.net = data.net;
    place.dataset.beside = data.beside;
    place.innerHTML = data.html;
    for (const stage of place.querySelectorAll("details")) {  // what was opened stays open
      stage.open = opened.includes(stage.dataset.stage);
    }
  }
}
"""
_net = st.components.v2.component("net_drawing", html='<div class="net"></div>', css=_CSS, js=_JS)


def show(plan: Blueprint, title: str, key: str, *, beside: bool) -> None:
    """Draw the net from the image down, stage by stage; a click on a stage shows or hides the layers of its blocks.

    With `beside` the layers of all stages stand beside them as well, where there is room.
    """
    stages = svg.standalone(blueprint_svg.source(plan, title), f"{title}: an image goes in") + "".join(
        f'<details data-stage="{escape(each.name)}"><summary>'
        f"{svg.standalone(blueprint_svg.stage(each, plan), labels.description(each, plan))}</summary>"
        f'<div class="layers">{_layers(each)}</div></details>'
        for each in plan.stages
    )
    layers = "".join(map(_layers, plan.stages)) if beside else ""
    html = f'<div><div class="stages">{stages}</div>' + (
        f'<div class="beside">{layers}</div></div>' if beside else "</div>"
    )
    _net(
        data={"html": html, "beside": beside, "net": f"{title} {plan.image} {plan.parameters}"},
        key=key,
        height="content",
    )


def _layers(stage: Stage) -> str:
    """Return the layers of a stage's blocks as an <svg> of its own, under the stage's name."""
    piece = block_svg.layers(stage)
    marks = svg.text(4, 14, stage.name, faint=True) + svg.at(0, 16, piece.marks)
    return svg.standalone(Piece(marks, piece.height + 16), f"The layers of {stage.name}")
