"""A net drawn stage by stage, whose stages open to show their layers."""

from html import escape

import streamlit as st

from core.models.blueprint import Blueprint
from pages.architectures import block_svg, blueprint_svg, labels, svg

# A stage is a <details>: it opens without the server, by click, tap or key.
_CSS = """
.net { max-width: 480px; font-family: var(--st-font); color: var(--st-text-color); line-height: 0; }
.net svg { display: block; overflow: visible; }
summary { cursor: pointer; list-style: none; border-radius: 6px; }
summary::-webkit-details-marker { display: none; }
summary:hover, summary:focus-visible { background: var(--st-secondary-background-color); outline: none; }
summary:focus-visible { box-shadow: 0 0 0 2px var(--st-primary-color); }
.layers { border-left: 2px solid var(--st-border-color); margin: 2px 0 8px 4px; padding-left: 6px; }
"""
_JS = """
export default function ({ parentElement, data }) {
  const place = parentElement.querySelector(".net");
  if (place.dataset.net !== data.net) {  // a rerun leaves open what was opened
    place.dataset.net = data.net;
    place.innerHTML = data.html;
  }
}
"""
_net = st.components.v2.component("net_drawing", html='<div class="net"></div>', css=_CSS, js=_JS)


def show(plan: Blueprint, title: str, key: str) -> None:
    """Draw the net from the image down, stage by stage; a click on a stage shows the layers of its blocks."""
    html = svg.standalone(blueprint_svg.source(plan), f"{title}: an image goes in") + "".join(
        f'<details data-stage="{escape(each.name)}"><summary>'
        f"{svg.standalone(blueprint_svg.stage(each, plan), labels.description(each, plan))}</summary>"
        f'<div class="layers">{svg.standalone(block_svg.layers(each), f"The layers of {each.name}")}</div></details>'
        for each in plan.stages
    )
    _net(data={"html": html, "net": f"{title} {plan.image} {plan.parameters}"}, key=key, height="content")
