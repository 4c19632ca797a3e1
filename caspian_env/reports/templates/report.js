"use strict";
// Adds to a page that is complete without it: values under the pointer or the arrow keys, lines on and off, and zoom.
for (const chart of document.querySelectorAll("svg.chart[data-points]")) {
  const points = JSON.parse(chart.dataset.points), lines = JSON.parse(chart.dataset.lines || "[]");
  const whole = chart.getAttribute("viewBox").split(" ").map(Number), hidden = new Set();
  let view = [...whole], at = -1;
  const tip = Object.assign(document.createElement("output"), {className: "tip", hidden: true});
  const tools = Object.assign(document.createElement("div"), {className: "tools"});
  chart.after(tip, tools);
  chart.parentElement.classList.add("live");
  chart.setAttribute("tabindex", "0");
  const shown = () => points.map((p, i) => i).filter(i => !hidden.has(points[i][3]));
  const show = i => {
    at = i;
    const [x, y, words] = points[i], box = chart.getBoundingClientRect(), home = chart.parentElement.getBoundingClientRect();
    tip.textContent = words;
    tip.hidden = false;
    const left = box.left - home.left + (x - view[0]) / view[2] * box.width;
    tip.style.left = Math.max(0, Math.min(left - tip.offsetWidth / 2, home.width - tip.offsetWidth)) + "px";
    tip.style.top = box.top - home.top + (y - view[1]) / view[3] * box.height - tip.offsetHeight - 10 + "px";
  };
  chart.addEventListener("pointermove", event => {
    const box = chart.getBoundingClientRect();
    const x = view[0] + (event.clientX - box.left) / box.width * view[2];
    const y = view[1] + (event.clientY - box.top) / box.height * view[3];
    let best = -1, least = 900;
    for (const i of shown()) {
      const apart = (points[i][0] - x) ** 2 + (points[i][1] - y) ** 2;
      if (apart < least) [best, least] = [i, apart];
    }
    if (best < 0) tip.hidden = true; else show(best);
  });
  chart.addEventListener("pointerleave", () => { tip.hidden = true; });
  chart.addEventListener("blur", () => { tip.hidden = true; });
  const zoom = factor => {
    const width = Math.min(whole[2], view[2] * factor), height = whole[3] * width / whole[2];
    const [x, y] = at < 0 ? [view[0] + view[2] / 2, view[1] + view[3] / 2] : points[at];
    view = [Math.max(0, Math.min(x - width / 2, whole[2] - width)), Math.max(0, Math.min(y - height / 2, whole[3] - height)), width, height];
    chart.setAttribute("viewBox", view.join(" "));
    tip.hidden = true;
  };
  chart.addEventListener("keydown", event => {
    const rows = shown(), step = {ArrowRight: 1, ArrowLeft: -1}[event.key], factor = {"+": 0.7, "-": 1 / 0.7, "0": 99}[event.key];
    if (step && rows.length) show(rows[(rows.indexOf(at) + step + rows.length) % rows.length]);
    else if (factor) zoom(factor);
    else if (event.key === "Escape") tip.hidden = true;
    else return;
    event.preventDefault();
  });
  const button = (words, name, act) => {
    const made = Object.assign(document.createElement("button"), {type: "button", textContent: words, onclick: act});
    if (name) made.setAttribute("aria-label", name);
    tools.append(made);
    return made;
  };
  const names = JSON.parse(document.body.dataset.zoom);
  button("+", names[0], () => zoom(0.7));
  button("−", names[1], () => zoom(1 / 0.7));
  if (lines.length > 1) lines.forEach((label, n) => {
    const made = button(label, "", () => {
      hidden.has(n) ? hidden.delete(n) : hidden.add(n);
      made.setAttribute("aria-pressed", String(!hidden.has(n)));
      for (const part of chart.querySelectorAll(`[id^="${chart.dataset.name}-line${n}-"]`)) part.style.display = hidden.has(n) ? "none" : "";
    });
    made.setAttribute("aria-pressed", "true");
  });
}
