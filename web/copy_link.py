"""A button that copies the address of the view as it stands, settings and picture included."""

import streamlit as st

from web import address

_CSS = """
button { font: inherit; font-size: 0.875rem; min-height: 2.25rem; padding: 0 0.75rem; cursor: pointer;
         white-space: nowrap; color: var(--st-text-color); background: var(--st-background-color);
         border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); }
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
_HTML = '<button type="button" aria-live="polite">Copy link</button>'
# Without https the clipboard is closed to scripts on other hosts than this one: then a field is selected and copied.
_JS = """
function byField(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.cssText = "position:fixed;opacity:0";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
async function copy(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { return byField(text); }
}
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button");
  button.onclick = async () => {
    const link = new URL(window.location.href);
    for (const [key, value] of Object.entries(data)) {
      if (!link.searchParams.has(key)) link.searchParams.set(key, value);
    }
    const copied = await copy(link.href);
    button.textContent = copied ? "Link copied" : "Copy it from the address bar";
    clearTimeout(button.timer);
    button.timer = setTimeout(() => { button.textContent = "Copy link"; }, 2000);
  };
}
"""
_button = st.components.v2.component("copy_link", html=_HTML, css=_CSS, js=_JS)


def show() -> None:
    """Draw the button, once the page is drawn.

    The address carries what the visitor has set; what the page shows by default, and may not tomorrow, is added.
    """
    _button(key="copy link", data=address.defaults(), width="content", height="content")
