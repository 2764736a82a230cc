"""The most probable classes as bars, each a button that shows the map of its class: a list for mouse and keyboard.

The bar of the predicted class is vermilion, that of the true class green; both are named in words as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

_CSS = """
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 2px; }
button { display: grid; grid-template-columns: minmax(0, 1fr) 34% 3.4rem; align-items: center; column-gap: 0.5rem;
         width: 100%; min-height: 1.9rem; margin: 0; padding: 0.2rem 0.4rem; border: 0; border-radius: 5px;
         font: inherit; font-family: var(--st-font); font-size: 0.9rem; line-height: 1.2; text-align: left;
         color: var(--st-text-color); background: none; cursor: pointer; }
button:hover, button[aria-pressed=true] { background: var(--st-secondary-background-color); }
button[aria-pressed=true] .name { font-weight: 650; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
.name { overflow-wrap: anywhere; }
.role { display: block; font-size: 0.75rem; font-weight: 400; opacity: 0.85; }
.track { height: 8px; border-radius: 4px; overflow: hidden; background: var(--st-border-color); }
.fill { display: block; height: 100%; min-width: 2px; background: #8A8578; }
.prediction .fill { background: #D55E00; background: light-dark(#D55E00, #FF8A4C); }
.truth .fill { background: #009E73; background: light-dark(#009E73, #2BC49A); }
.share { text-align: right; font-variant-numeric: tabular-nums; }
"""
_JS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const list = parentElement.querySelector("ul");
  const focused = list.getRootNode().activeElement?.dataset?.name;  // the keyboard stays where it was
  const part = (kind, text) => {
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = text;
    return span;
  };
  list.setAttribute("aria-label", data.label);
  list.replaceChildren(...data.rows.map(row => {
    const item = document.createElement("li"), button = document.createElement("button");
    const name = part("name", row.name), track = part("track", ""), fill = part("fill", "");
    button.type = "button";
    button.dataset.name = row.name;
    button.title = `Show the map of ${row.name}`;
    button.setAttribute("aria-pressed", String(row.mapped));
    button.setAttribute("aria-label", [row.name, row.percent, row.role].filter(Boolean).join(", "));
    if (row.role) name.append(part("role", row.role));
    fill.style.width = `${100 * row.probability}%`;
    button.className = row.kind;
    track.append(fill);
    button.append(name, track, part("share", row.percent));
    button.onclick = () => setTriggerValue("chosen", row.name);
    item.append(button);
    return item;
  }));
  if (focused) [...list.querySelectorAll("button")].find(one => one.dataset.name === focused)?.focus();
}
"""
_bars = st.components.v2.component("class_bars", html="<ul></ul>", css=_CSS, js=_JS)


@dataclass(frozen=True)
class Bar:
    """A class with its `probability` in [0, 1]; `mapped`: its map is shown."""

    name: str
    probability: float
    predicted: bool = False
    true: bool = False
    mapped: bool = False

    @property
    def percent(self) -> str:
        """The probability as a visitor reads it."""
        return f"{100 * self.probability:.1f}%"

    @property
    def role(self) -> str:
        """What the class is, in words; nothing for one that is neither predicted nor true."""
        if self.true:
            return "predicted, correct" if self.predicted else "true class"
        return "predicted" if self.predicted else ""

    @property
    def kind(self) -> str:
        """The name of the bar's colour."""
        return "truth" if self.true else "prediction" if self.predicted else ""


def show(key: str, label: str, bars: Sequence[Bar], on_chosen: Callable[[str], None]) -> None:
    """Draw the bars from the top; a click calls `on_chosen` with the name of the class, before the page is drawn."""

    def chosen() -> None:
        name = (st.session_state.get(key) or {}).get("chosen")
        if name in {bar.name for bar in bars}:
            on_chosen(name)

    rows = [asdict(bar) | {"percent": bar.percent, "role": bar.role, "kind": bar.kind} for bar in bars]
    _bars(key=key, data={"label": label, "rows": rows}, on_chosen_change=chosen, height="content")
