"""A pad to draw a digit on with mouse, finger or pen; every line is sent to the server while it is drawn."""

from dataclasses import dataclass

import streamlit as st

from core.errors import UserError
from core.explain import strokes
from core.explain.strokes import Stroke
from ui import address

KEY = "digit pad"
PARAM = "drawn"  # of the address
_SESSION = "drawing on the digit pad"

# Ink is white on black, as in the data sets, whatever the theme: only the frame and the buttons follow that.
_CSS = """
.pad { width: 100%; max-width: var(--pad-width, 320px); font-family: var(--st-font); }
canvas { display: block; width: 100%; aspect-ratio: 1; background: #000; border-radius: var(--st-base-radius);
         border: 1px solid var(--st-border-color); cursor: crosshair; touch-action: none; box-sizing: border-box; }
canvas:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.row { display: flex; gap: 8px; margin-top: 8px; }
button { flex: 1; min-height: 40px; font: inherit; color: var(--st-text-color); cursor: pointer;
         background: var(--st-background-color); border: 1px solid var(--st-border-color);
         border-radius: var(--st-button-radius); }
button:hover:enabled, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color);
         outline: none; }
button:disabled { opacity: 0.45; cursor: default; }
"""
_HTML = """
<div class="pad">
  <canvas width="640" height="640" role="img" tabindex="0"
    aria-label="Draw a digit here. Arrow keys move the pen, Space puts it down and lifts it.
    Backspace takes the last line back, Delete clears."></canvas>
  <div class="row"><button type="button" class="undo">Undo</button><button type="button" class="clear">Clear</button>
  </div>
</div>
"""
# A drawing is sent once the server has processed the one before (it returns its number), so results are never cut off
# by the next line; without a response for a second, the pad goes on without waiting.
_JS = """
const pads = new WeakMap();

function open(element) {
  const canvas = element.querySelector("canvas");
  const pad = { strokes: [], example: false, drawing: null, number: 0, answered: 0, sent: 0, waiting: false };
  const brush = canvas.getContext("2d");
  const point = event => {
    const box = canvas.getBoundingClientRect();
    const share = (at, from, long) => Math.round(1000 * Math.min(1, Math.max(0, (at - from) / long))) / 1000;
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  };
  pad.paint = () => {
    const side = canvas.width;
    brush.clearRect(0, 0, side, side);
    brush.strokeStyle = brush.fillStyle = pad.example ? "#8a8a8a" : "#fff";
    brush.lineWidth = side * 0.07;
    brush.lineCap = brush.lineJoin = "round";
    for (const stroke of pad.strokes) {
      brush.beginPath();
      brush.moveTo(stroke[0][0] * side, stroke[0][1] * side);
      for (const [x, y] of stroke.length > 1 ? stroke : [stroke[0], stroke[0]]) brush.lineTo(x * side, y * side);
      brush.stroke();
    }
    if (pad.pen) {
      brush.strokeStyle = "#E69F00";
      brush.lineWidth = side * (pad.drawing === "keys" ? 0.02 : 0.008);
      brush.beginPath();
      brush.arc(pad.pen[0] * side, pad.pen[1] * side, side * 0.045, 0, 7);
      brush.stroke();
    }
    element.querySelector(".undo").disabled = pad.example || !pad.strokes.length;
    element.querySelector(".clear").disabled = !pad.strokes.length;
  };
  pad.flush = () => {
    if (!pad.waiting || (pad.answered < pad.number && Date.now() - pad.sent < 1000)) return;
    pad.waiting = false;
    pad.number += 1;
    pad.sent = Date.now();
    pad.send("drawn", { number: pad.number, lifted: pad.drawing === null, strokes: pad.strokes });
    clearTimeout(pad.timer);
    pad.timer = setTimeout(pad.flush, 1050);
  };
  pad.changed = () => { pad.example = false; pad.waiting = true; pad.paint(); pad.flush(); };
  pad.undo = () => { if (!pad.example) { pad.drawing = null; pad.strokes.pop(); pad.changed(); } };
  pad.clear = () => { pad.drawing = null; pad.strokes = []; pad.changed(); };
  canvas.onpointerdown = event => {
    if (event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pad.pen = null;
    if (pad.example) pad.strokes = [];
    pad.drawing = event.pointerId;
    pad.strokes.push([point(event)]);
    pad.changed();
  };
  canvas.onpointermove = event => {
    if (pad.drawing !== event.pointerId) return;
    const stroke = pad.strokes[pad.strokes.length - 1];
    if (!stroke) return;
    const seen = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of seen.length ? seen : [event]) {
      const [x, y] = point(each), [lastX, lastY] = stroke[stroke.length - 1];
      if (Math.hypot(x - lastX, y - lastY) >= 0.008) stroke.push([x, y]);
    }
    pad.changed();
  };
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (pad.drawing !== event.pointerId) return;
    pad.drawing = null;
    pad.changed();
  };
  // By keyboard: the arrows move the pen, Space puts it down and lifts it.
  const move = (right, down) => {
    pad.pen = (pad.pen || [0.5, 0.5]).map((at, axis) =>
      Math.round(1000 * Math.min(1, Math.max(0, at + 0.04 * [right, down][axis]))) / 1000);
    if (pad.drawing !== "keys") return pad.paint();
    pad.strokes[pad.strokes.length - 1].push([...pad.pen]);
    pad.changed();
  };
  const putDown = () => {
    if (pad.example) pad.strokes = [];
    pad.pen = pad.pen || [0.5, 0.5];
    pad.drawing = "keys";
    pad.strokes.push([[...pad.pen]]);
    pad.changed();
  };
  const lift = () => {
    if (pad.drawing !== "keys") return;
    pad.drawing = null;
    pad.changed();
  };
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.onblur = () => { lift(); pad.pen = null; pad.paint(); };
  canvas.onkeydown = event => {
    if (arrows[event.key]) move(...arrows[event.key]);
    else if (event.key === " ") { if (pad.drawing === "keys") lift(); else putDown(); }
    else if (event.key === "Backspace") pad.undo();
    else if (event.key === "Delete") pad.clear();
    else return;
    event.preventDefault();
  };
  element.querySelector(".undo").onclick = () => pad.undo();
  element.querySelector(".clear").onclick = () => pad.clear();
  return pad;
}

export default function ({ parentElement, data, setStateValue }) {
  const canvas = parentElement.querySelector("canvas");
  let pad = pads.get(canvas);
  if (!pad) {
    pad = open(parentElement);
    pads.set(canvas, pad);
    pad.number = pad.answered = data.answered;
  }
  if (pad.loads !== data.loads) {
    pad.loads = data.loads;
    pad.strokes = data.strokes;
    pad.example = data.example;
    pad.drawing = null;
    pad.waiting = false;
    pad.paint();
  }
  parentElement.querySelector(".pad").style.setProperty("--pad-width", data.width ? `${data.width}px` : "100%");
  pad.send = setStateValue;
  pad.answered = Math.max(pad.answered, data.answered);
  pad.flush();
}
"""
_component = st.components.v2.component("digit_pad", html=_HTML, css=_CSS, js=_JS)


@dataclass
class _Pad:
    """What a visitor's pad shows; `text` is what the address holds of it.

    `loads` counts the drawings that came from the address, `answered` is the number of the last one that was processed.
    """

    strokes: tuple[Stroke, ...] = strokes.read(strokes.EXAMPLE)
    is_example: bool = True
    text: str = ""
    loads: int = 0
    answered: int = 0
    fault: str = ""


def drawn() -> tuple[tuple[Stroke, ...], bool]:
    """Return the strokes on the pad, and True where they are the example that is there before anything has been drawn.

    The address carries them as `drawn=`, from the moment the pen is lifted.
    """
    if address.is_new(PARAM, _SESSION):
        _load(_pad_of_visitor(), address.value(PARAM, "the drawing", "an example is shown") or "")
    pad = _pad_of_visitor()
    return pad.strokes, pad.is_example


def query() -> dict[str, str]:
    """Return what the address of a link to another pad carries, so that it shows the same drawing."""
    pad = _pad_of_visitor()
    return {PARAM: pad.text} if pad.text and not pad.is_example else {}


def is_untouched() -> bool:
    """Return whether the visitor has not drawn yet: then nothing is sent, and the pad may be shown before an answer."""
    return not _pad_of_visitor().answered


def show(width: int | None = 320) -> None:
    """Draw the pad, and below it why a drawing could not be taken over. Without a `width` in px it fills its place.

    Call it after `drawn` and after the drawing has been processed: it sends no other before that.
    """
    pad = _pad_of_visitor()
    _component(
        key=KEY,
        data={
            "strokes": [stroke.tolist() for stroke in pad.strokes],
            "example": pad.is_example,
            "loads": pad.loads,
            "answered": pad.answered,
            "width": width,
        },
        on_drawn_change=_receive,
        height="content",
    )
    if pad.fault:
        st.caption(pad.fault)


def _pad_of_visitor() -> _Pad:
    pad = st.session_state.get(_SESSION)
    if not isinstance(pad, _Pad):
        pad = st.session_state[_SESSION] = _Pad()
    return pad


def _load(pad: _Pad, text: str) -> None:
    """Put the drawing of the address on the pad; the example where there is none or it cannot be read."""
    pad.text, pad.fault, pad.loads = text, "", pad.loads + 1
    pad.strokes, pad.is_example = strokes.read(strokes.EXAMPLE), True
    try:
        if text:
            pad.strokes, pad.is_example = strokes.from_text(text), False
    except UserError as error:
        address.note(f"{error} An example is shown.")


def _receive() -> None:
    """Take over what the browser sent; the address follows once the pen is lifted."""
    message = (st.session_state.get(KEY) or {}).get("drawn")
    if not isinstance(message, dict):
        return
    pad = _pad_of_visitor()
    number = message.get("number")
    pad.answered = number if isinstance(number, int) else pad.answered
    try:
        text = strokes.to_text(strokes.read(message.get("strokes")))
    except UserError as error:
        pad.fault = str(error)
        return
    # The drawing is rounded as in a link, so that the link has the same answer.
    pad.strokes, pad.is_example, pad.fault = strokes.from_text(text), False, ""
    if message.get("lifted"):
        pad.text = text
        address.put(PARAM, text or None)
