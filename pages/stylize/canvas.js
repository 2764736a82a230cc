// The large picture. One request is in flight; of those that come meanwhile only the newest is sent. A picture comes at
// PREVIEW_PX first where the last one at full size took longer than QUICK_MS from request to decoded picture.
const PREVIEW_PX = 256, QUICK_MS = 150, RETRY_MS = 700, TRIES = 5, STEP = 2, LARGEST_BYTES = 50e6;
const hub = (window.atelierDesk ??= Object.assign(new EventTarget(), { mix: null }));
const canvases = new WeakMap();
const folder = () => location.pathname.replace(/[^/]*$/, "") + "desk/";
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

function query(photo, net, mix) {
  const values = new URLSearchParams({ [photo.key]: photo.value, net, colours: mix.colours });
  values.set("styles", Object.entries(mix.styles).map(([name, weight]) => `${name}:${weight}`).join(","));
  values.set("strength", mix.strength);
  values.set("stroke", mix.stroke);
  return values.toString();
}

function open(element) {
  const find = selector => element.querySelector(selector);
  const canvas = find(".canvas"), frame = find(".frame"), divider = find(".divider"), fault = find(".fault");
  const self = { desk: Math.random().toString(36).slice(2, 14), wanted: "", shown: "", side: 0, busy: false, took: 1e9, tries: 0,
                 painted: 0, dropped: 0, urls: {} };

  const say = sentence => { fault.textContent = sentence; fault.hidden = !sentence; };
  const show = async (image, blob) => {
    const url = URL.createObjectURL(blob), probe = new Image();
    probe.src = url;
    await probe.decode();
    const before = self.urls[image.className];
    image.src = url;
    await image.decode().catch(() => undefined);
    self.urls[image.className] = url;
    if (before) URL.revokeObjectURL(before);
    frame.style.setProperty("--ratio", probe.naturalWidth / probe.naturalHeight);
  };
  const fetched = async (values, side, signal) => {
    const answer = await fetch(`${folder()}painting?${values}&side=${side}&desk=${self.desk}`, { signal });
    if (answer.ok) return answer;
    if (answer.status === 409) { self.dropped += 1; return null; }
    const { error } = await answer.json().catch(() => ({ error: "The server gave no picture: try again." }));
    if (answer.status !== 503) throw new Error(error);
    await pause(RETRY_MS);
    return null;
  };
  const paintOnce = async () => {
    const values = self.wanted, started = performance.now();
    const side = self.shown !== values && self.took > QUICK_MS ? Math.min(PREVIEW_PX, self.full) : self.full;
    self.leave = new AbortController();
    [self.inFlight, self.sent] = [side, values];
    const answer = await fetched(values, side, self.leave.signal);
    if (!answer) return;
    await show(find(".painting"), await answer.blob());
    const took = performance.now() - started;
    if (side === self.full) self.took = self.took < 1e6 ? (self.took + took) / 2 : took;
    [self.shown, self.side, self.tries] = [values, side, 0];
    self.painted += 1;
    const paint = /dur=([\d.]+)/.exec(answer.headers.get("Server-Timing") ?? "");
    find(".right").textContent = paint ? `Painting · ${Math.round(paint[1])} ms` : "Painting";
    Object.assign(canvas.dataset, { painted: self.painted, dropped: self.dropped, side, shown: values });
    if (!self.refused) say("");  // a file that was refused is not forgotten for a painting under way
    if (side === self.full) hub.dispatchEvent(new CustomEvent("painted", { detail: values }));
  };
  self.paint = async () => {
    if (self.busy) return;
    self.busy = true;
    while (self.wanted && (self.shown !== self.wanted || self.side !== self.full)) {
      const values = self.wanted;
      try {
        await paintOnce();
      } catch (error) {
        if (error.name === "AbortError") continue;
        if (self.wanted !== values) continue;
        if (error instanceof TypeError && (self.tries += 1) <= TRIES) { await pause(RETRY_MS); continue; }
        say(error instanceof TypeError ? "The server cannot be reached: try again in a moment." : error.message);
        self.wanted = self.shown = "";
      }
    }
    self.busy = false;
  };
  self.want = () => {
    const values = self.data && hub.mix ? query(self.data.photo, self.data.net, hub.mix) : "";
    if (!values || values === self.wanted && self.full === self.data.side) return;
    if (self.busy && self.wanted && self.wanted !== self.sent) self.dropped += 1;
    canvas.dataset.wanted = values;
    [self.wanted, self.full] = [values, self.data.side];
    // A large picture that is no longer wanted is not waited for where it takes long.
    if (self.busy && self.inFlight > PREVIEW_PX && self.took > QUICK_MS) self.leave.abort();
    self.paint();
  };
  self.photograph = async () => {
    const values = new URLSearchParams({ [self.data.photo.key]: self.data.photo.value, net: self.data.net, strength: 0,
                                         side: self.data.side }).toString();
    if (values === self.photographShown) return;
    self.photographShown = values;
    try {
      const answer = await fetch(`${folder()}painting?${values}`);
      if (answer.ok && self.photographShown === values) await show(find(".photograph"), await answer.blob());
    } catch { self.photographShown = ""; }
  };

  const put = share => {
    self.at = Math.round(Math.min(100, Math.max(0, share)));
    frame.style.setProperty("--at", `${self.at}%`);
    divider.setAttribute("aria-valuenow", self.at);
    divider.setAttribute("aria-valuetext", `${self.at}% photograph, ${100 - self.at}% painting`);
    find(".left").hidden = self.at < 12;
    find(".right").hidden = self.at > 80;
  };
  put(30);
  const follow = event => {
    const box = frame.getBoundingClientRect();
    put(100 * (event.clientX - box.left) / box.width);
  };
  divider.onpointerdown = event => {
    if (event.button) return;
    event.preventDefault();
    divider.focus({ preventScroll: true });
    divider.setPointerCapture(event.pointerId);
  };
  divider.onpointermove = event => { if (divider.hasPointerCapture(event.pointerId)) follow(event); };
  const keys = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -10, PageUp: 10,
                 Home: -100, End: 100 };
  divider.onkeydown = event => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    put(self.at + keys[event.key]);
  };

  // A picture that is dropped or pasted goes to the server, which keeps it or reads its settings.
  self.take = file => {
    self.refused = !file || !file.type.startsWith("image/") || file.size > LARGEST_BYTES;
    if (!file || !file.type.startsWith("image/")) return say("That is no picture: drop a JPEG, PNG or WebP.");
    if (file.size > LARGEST_BYTES) return say("The picture has over 50 MB: save a smaller copy and take that.");
    say("Reading the picture …");
    const reader = new FileReader();
    reader.onload = () => self.send("picture", { name: file.name || "pasted.png", data: reader.result.split(",")[1] });
    reader.readAsDataURL(file);
  };
  canvas.ondragover = event => { event.preventDefault(); canvas.classList.add("over"); };
  canvas.ondragleave = () => canvas.classList.remove("over");
  canvas.ondrop = event => {
    event.preventDefault();
    canvas.classList.remove("over");
    if (self.data?.takes) self.take(event.dataTransfer.files[0]);
  };
  self.paste = event => {
    const file = [...(event.clipboardData?.files ?? [])].find(each => each.type.startsWith("image/"));
    if (file && self.data?.takes) { event.preventDefault(); self.take(file); }
  };
  hub.addEventListener("mix", self.want);
  document.addEventListener("paste", self.paste);
  return self;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const canvas = parentElement.querySelector(".canvas");
  let self = canvases.get(canvas);
  if (!self) {
    self = open(parentElement);
    canvases.set(canvas, self);
  }
  self.send = setTriggerValue;
  if (self.number !== data.number) { parentElement.querySelector(".fault").hidden = true; self.number = data.number; }
  self.data = data;
  parentElement.querySelector(".painting").alt = `The photograph ${data.photo.name}, painted`;
  parentElement.querySelector(".photograph").alt = `The photograph ${data.photo.name}`;
  if (!hub.mix) hub.mix = data.mix;
  self.photograph();
  self.want();
  return () => {
    hub.removeEventListener("mix", self.want);
    document.removeEventListener("paste", self.paste);
    self.wanted = "";
    hub.mix = null;
    canvases.delete(canvas);
  };
}
