// Below the picture: the download at full size, the course between two styles, and what was painted in this visit.
const PLACES = [0, 0.25, 0.5, 0.75, 1], SMALL_PX = 128;
const hub = (window.atelierDesk ??= Object.assign(new EventTarget(), { mix: null }));
const shelves = new WeakMap();
const folder = () => location.pathname.replace(/[^/]*$/, "") + "desk/";

function values(data, mix) {
  const { photo, net } = data;
  const styles = Object.entries(mix.styles).map(([name, weight]) => `${name}:${weight}`).join(",");
  const { strength, stroke, colours } = mix;
  return new URLSearchParams({ [photo.key]: photo.value, net, styles, strength, stroke, colours });
}

function thumbnail(tag, query, label) {
  const element = document.createElement(tag), image = document.createElement("img"), text = document.createElement("span");
  if (query) image.src = `${folder()}painting?${query}&side=${SMALL_PX}`;
  image.alt = "";
  text.textContent = element.title = label;
  element.append(image, text);
  return element;
}

// Lines of JSON with the part that is done, then the file.
async function receive(answer, report) {
  const reader = answer.body.getReader(), pieces = [];
  let text = new Uint8Array(), head = null, received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (head) { pieces.push(value); received += value.length; continue; }
    const joined = new Uint8Array(text.length + value.length);
    joined.set(text);
    joined.set(value, text.length);
    text = joined;
    for (let end = text.indexOf(10); end >= 0 && !head; end = text.indexOf(10)) {
      const line = JSON.parse(new TextDecoder().decode(text.subarray(0, end)));
      text = text.subarray(end + 1);
      if (line.error) throw new Error(line.error);
      report(line.part);
      if (line.bytes) { head = line; pieces.push(text); received = text.length; }
    }
  }
  if (!head || received !== head.bytes) throw new Error("The download ended early: try again.");
  return { file: new Blob(pieces, { type: head.type }), name: head.name };
}

function open(element) {
  const find = selector => element.querySelector(selector);
  const self = { pair: "" };
  const button = find(".download"), cancel = find(".cancel"), bar = find("progress"), said = find(".said");

  const running = now => { button.disabled = now; cancel.hidden = bar.hidden = !now; bar.value = 0; };
  button.onclick = async () => {
    if (!hub.mix) return;
    self.leave = new AbortController();
    running(true);
    said.textContent = "";
    try {
      const query = values(self.data, hub.mix);
      query.set("format", find("select").value);
      const answer = await fetch(`${folder()}download?${query}`, { signal: self.leave.signal });
      if (!answer.ok) throw new Error((await answer.json()).error);
      const { file, name } = await receive(answer, part => { bar.value = part; });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      said.textContent = `Saved ${name}.`;
    } catch (error) {
      const lost = error instanceof TypeError ? "The server cannot be reached: try again in a moment." : error.message;
      said.textContent = error.name === "AbortError" ? "Cancelled." : lost;
    }
    running(false);
  };
  cancel.onclick = () => self.leave.abort();

  self.between = () => {
    const section = find(".between"), titles = Object.fromEntries(self.data.styles.map(each => [each.name, each.title]));
    const names = Object.keys(hub.mix?.styles ?? {}).filter(name => name in titles);
    section.hidden = names.length !== 2 || self.data.hidden.includes("styles");
    if (section.hidden) { self.pair = ""; return; }
    const mixes = PLACES.map(place => ({ ...hub.mix, styles: { [names[0]]: 1 - place, [names[1]]: place } }));
    const queries = mixes.map(mix => values(self.data, mix).toString());
    if (queries.join() === self.pair) return;
    self.pair = queries.join();
    section.querySelector("h2").textContent = `From ${titles[names[0]]} to ${titles[names[1]]}, as in Figure 5.12`;
    section.querySelector(".strip").replaceChildren(...mixes.map((mix, place) => {
      const one = thumbnail("button", queries[place], `${1 - PLACES[place]} : ${PLACES[place]}`);
      one.type = "button";
      one.onclick = () => hub.dispatchEvent(new CustomEvent("choose", { detail: { styles: mix.styles } }));
      return one;
    }));
  };
  self.visit = () => {
    const { visit } = self.data, key = JSON.stringify(visit);
    if (key === self.visitShown) return;
    self.visitShown = key;
    find(".visit").hidden = visit.length < 2;
    find(".visit .strip").replaceChildren(...visit.map(({ href, query, label }) => {
      const link = thumbnail("a", query, label);
      link.href = href;
      link.onclick = event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        self.send("opened", href);
      };
      return link;
    }));
  };
  hub.addEventListener("painted", self.between);
  return self;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".shelf");
  let self = shelves.get(root);
  if (!self) {
    self = open(parentElement);
    shelves.set(root, self);
  }
  self.send = setTriggerValue;
  self.data = data;
  parentElement.querySelector(".bar").hidden = data.hidden.includes("downloads");
  parentElement.querySelector(".size").textContent = data.size ? `Full size: ${data.size}` : "";
  self.between();
  self.visit();
  return () => {
    hub.removeEventListener("painted", self.between);
    shelves.delete(root);
  };
}
