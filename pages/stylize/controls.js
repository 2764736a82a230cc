// The sliders. While one moves, every position goes to the canvas; the server gets the mix when it is let go.
const FIRST = 1, NEXT = 0.5, MOST_OF_A_SURPRISE = 3, STEP = 0.05;
const hub = (window.atelierDesk ??= Object.assign(new EventTarget(), { mix: null }));
const controls = new WeakMap();
const folder = () => location.pathname.replace(/[^/]*$/, "") + "desk/";
const percent = value => `${Math.round(100 * value)}%`;
const short = weight => (weight === 1 ? "1" : weight.toFixed(2).replace(/^0/, ""));

function open(element) {
  const find = selector => element.querySelector(selector);
  const self = { number: 0, mix: null };
  const grid = find(".grid"), chosen = find(".chosen"), strength = find(".strength"), stroke = find(".stroke");

  const picture = style => {
    const image = document.createElement("img");
    image.src = `${folder()}swatch?${new URLSearchParams({ style: style.name, net: self.data.net })}`;
    image.alt = "";
    image.draggable = false;
    return image;
  };
  const tile = style => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.name = style.name;
    button.title = `${style.title}. ${style.artist}, ${style.year}`;
    button.setAttribute("aria-label", style.title);
    button.append(picture(style), document.createElement("b"));
    button.onclick = () => self.toggle(style.name);
    return button;
  };
  const slider = style => {
    const row = document.createElement("label"), input = document.createElement("input");
    row.className = "row";
    row.dataset.name = style.name;
    Object.assign(input, { type: "range", min: 0, max: 1, step: STEP });
    input.setAttribute("aria-label", style.title);
    row.title = style.title;
    row.append(picture(style), input, document.createElement("output"));
    input.oninput = () => { self.mix.styles[style.name] = Number(input.value); self.changed(); };
    input.onchange = () => self.release();
    return row;
  };
  self.draw = () => {
    const { styles } = self.mix;
    for (const button of grid.children) {
      const weight = styles[button.dataset.name];
      button.setAttribute("aria-pressed", weight !== undefined);
      button.querySelector("b").textContent = weight === undefined ? "" : short(weight);
    }
    const rows = new Map([...chosen.children].map(row => [row.dataset.name, row]));
    for (const [name, row] of rows) if (!(name in styles)) row.remove();
    let place = 0;
    for (const style of self.data.styles) {
      if (!(style.name in styles)) continue;
      const row = rows.get(style.name) ?? slider(style);
      // In the order of the grid; one that stands there is not moved, which would end a drag.
      if (chosen.children[place] !== row) chosen.insertBefore(row, chosen.children[place] ?? null);
      place += 1;
      row.querySelector("input").value = styles[style.name];
      row.querySelector("output").textContent = styles[style.name].toFixed(2);
    }
    for (const [input, value] of [[strength, self.mix.strength], [stroke, self.mix.stroke]]) {
      input.value = value;
      input.setAttribute("aria-valuetext", percent(value));
      input.nextElementSibling.textContent = percent(value);
    }
    for (const button of element.querySelectorAll(".colours")) {
      button.setAttribute("aria-pressed", self.mix.colours === Boolean(button.dataset.keep));
    }
  };
  self.changed = () => {
    self.draw();
    hub.mix = structuredClone(self.mix);
    hub.dispatchEvent(new CustomEvent("mix"));
  };
  self.release = () => {
    self.number += 1;
    self.send("mix", { number: self.number, ...structuredClone(self.mix) });
  };
  self.set = mix => { Object.assign(self.mix, structuredClone(mix)); self.changed(); self.release(); };
  self.toggle = name => {
    const styles = { ...self.mix.styles };
    if (!(name in styles)) styles[name] = Object.keys(styles).length ? NEXT : FIRST;
    else if (Object.keys(styles).length > 1) delete styles[name];
    else return;
    if (!Object.values(styles).some(weight => weight > 0)) styles[Object.keys(styles)[0]] = FIRST;
    self.set({ styles });
  };
  self.fill = () => {
    grid.replaceChildren(...self.data.styles.map(tile));
    chosen.replaceChildren();
    const list = find("select");
    list.replaceChildren(list.options[0]);
    self.data.presets.forEach((preset, place) => list.append(new Option(preset.title, place)));
    find(".preset").hidden = !self.data.presets.length;
    list.onchange = () => {
      if (list.value) self.set(self.data.presets[Number(list.value)].mix);
      list.value = "";
    };
  };
  find(".surprise").onclick = () => {
    const names = self.data.styles.map(style => style.name).sort(() => Math.random() - 0.5);
    const count = 1 + Math.floor(Math.random() * Math.min(MOST_OF_A_SURPRISE, names.length));
    const weight = () => Math.round((0.2 + 0.8 * Math.random()) / STEP) * STEP;
    self.set({ styles: Object.fromEntries(names.slice(0, count).map(name => [name, Number(weight().toFixed(2))])) });
  };
  find(".reset").onclick = () => self.set({ strength: 1, stroke: 0, colours: false });
  for (const [input, key] of [[strength, "strength"], [stroke, "stroke"]]) {
    input.oninput = () => { self.mix[key] = Number(input.value); self.changed(); };
    input.onchange = () => self.release();
  }
  for (const button of element.querySelectorAll(".colours")) {
    button.onclick = () => self.set({ colours: Boolean(button.dataset.keep) });
  }
  self.choose = event => self.set(event.detail);
  hub.addEventListener("choose", self.choose);
  return self;
}

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".controls");
  let self = controls.get(root);
  if (!self) {
    self = open(parentElement);
    controls.set(root, self);
  }
  self.send = setStateValue;
  const names = data.styles.map(style => style.name).join();
  self.data = data;
  if (self.names !== names || self.net !== data.net) {
    [self.names, self.net] = [names, data.net];
    self.fill();
    self.loads = null;
  }
  for (const section of parentElement.querySelectorAll("section")) {
    section.hidden = data.hidden.includes(section.dataset.group);
  }
  if (self.loads !== data.loads) {
    self.loads = data.loads;
    self.mix = structuredClone(data.mix);
    self.changed();
  }
  return () => {
    hub.removeEventListener("choose", self.choose);
    controls.delete(root);
  };
}
