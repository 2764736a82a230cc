// A drawing is sent once the server has processed the one before (it returns its number), so results are never cut off
// by the next line; without a response for a second, the pad goes on without waiting.
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
