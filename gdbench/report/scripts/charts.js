// Curves to zoom, from the same data as the pictures.

const DASHES = { dashed: [8, 4], dotted: [2, 4] };
const HEIGHT = 320;
const FONT = "12px system-ui, sans-serif";
const POINTS = { points: 6, path: 5 };
const raised = (power) => `10${[...String(power)].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻").join("")}`;
const short = (value) => (value == null ? "" : String(+value.toPrecision(4)).replace("-", "−"));

/** The columns of all curves, as texts; an empty number is none. */
let curves = [];
const numbers = (place) => curves[place].split(" ").map((one) => (one ? +one : null));
const decoded = (series) => ({ ...series, x: numbers(series.x), y: numbers(series.y) });

/** uPlot stands in the page as text and is run when the first chart is drawn. */
function addPlotter() {
  const text = document.querySelector("#plotter");
  text?.replaceWith(make("script", {}, text.textContent));
}

/** All that is drawn, a little wider, unless the panel says how far. */
function limits(panel, axis) {
  if (panel.limits[axis]) return panel.limits[axis];
  const log = panel.log[axis];
  const values = panel.series.flatMap((one) => (axis ? one.y : one.x)).filter((value) => value !== null && (!log || value > 0));
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) return log ? [0.1, 1] : [0, 1];
  // Curves may end at the sides; points, and what is highest and lowest, stand off the edge.
  const wider = axis || panel.series.some((one) => one.style in POINTS) ? 0.05 : 0;
  if (log) return [low * (low / high) ** wider, high * (high / low) ** wider];
  return [low - wider * (high - low || 1), high + wider * (high - low || 1)];
}

/** Powers of ten over decades; even steps on linear axes and where less than two powers of ten are seen. */
function ticks(low, high, log) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  if (log && last > first) {
    const step = Math.ceil((last - first) / 7);
    return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => 10 ** (first + i * step));
  }
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= rough);
  const start = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - start + 1 }, (_, i) => +((start + i) * step).toPrecision(12));
}

function tickText(value, values, log) {
  const powers = log && values.every((one) => Math.abs(Math.log10(one) - Math.round(Math.log10(one))) < 1e-9);
  return powers ? raised(Math.round(Math.log10(value))) : short(value);
}

const scale = (log) => ({ time: false, auto: false, distr: log ? 3 : 1, range: (_, low, high) => [low, high] });

function axis(panel, i) {
  return {
    label: panel.labels[i], labelSize: 22, labelGap: 0, labelFont: FONT, size: i ? 62 : 34, gap: 4, font: FONT,
    stroke: ink("ink"), grid: { stroke: ink("rules"), width: 1 }, ticks: { stroke: ink("faint"), width: 1, size: 5 },
    splits: (_plot, _axis, low, high) => ticks(low, high, panel.log[i]),
    filter: (_, values) => values,
    values: (_, values) => values.map((value) => tickText(value, values, panel.log[i])),
  };
}

function curve({ label, style, color }, show) {
  const points = { show: style in POINTS, size: POINTS[style], fill: ink(color) };
  return { label, stroke: ink(color), width: style === "line" ? 2 : 1.5, dash: DASHES[style], show, points };
}

/** One column of x and one of y for each curve; what a logarithm has no place for is left out. */
function columns(panel) {
  const [logX, logY] = panel.log;
  return uPlot.join(panel.series.map(({ x, y }) => {
    const kept = x.flatMap((value, i) => (logX && !(value > 0) ? [] : [i]));
    return [kept.map((i) => x[i]), kept.map((i) => (logY && !(y[i] > 0) ? null : y[i]))];
  }));
}

function swatch({ color, style }) {
  const look = {
    x1: 0, y1: 5, x2: 28, y2: 5, stroke: `var(--${color})`, "stroke-width": 2.5,
    "stroke-dasharray": (DASHES[style] ?? []).join(" "),
  };
  const [picture, line] = ["svg", "line"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(look)) line.setAttribute(name, value);
  picture.setAttribute("aria-hidden", "true");
  picture.append(line);
  return picture;
}

/** The limits of both axes about their middle, wider by a factor. */
function zoomed(panel, seen, factor) {
  return seen.map(([low, high], i) => {
    const [to, from] = panel.log[i] ? [Math.log, Math.exp] : [Number, Number];
    const [middle, half] = [(to(low) + to(high)) / 2, ((to(high) - to(low)) / 2) * factor];
    return [from(middle - half), from(middle + half)];
  });
}

/** A chart of one panel with its legend and buttons; show(panel) draws another one in its place. */
function addChart(host, panel, name) {
  addPlotter();
  const legend = make("ul", { class: "legend" });
  const place = make("div", { class: "plot" });
  const range = make("p", {});
  const off = new Set();
  let plot, seen;

  const home = () => [limits(panel, 0), limits(panel, 1)];
  const reset = () => set(home());
  function set([x, y]) {
    plot?.batch(() => {
      plot.setScale("x", { min: x[0], max: x[1] });
      plot.setScale("y", { min: y[0], max: y[1] });
    });
  }

  /** The values under the cursor, and where it is; without it, what is seen. */
  function read() {
    const at = plot.cursor.idxs ?? [];
    all("b", legend).forEach((value, i) => { value.textContent = short(plot.data[i + 1][at[i + 1]]); });
    const k = plot.data[0][at[0]];
    const [low, high] = seen[0].map(short);
    range.textContent = k === undefined ? `${panel.labels[0]} from ${low} to ${high}` : `${panel.labels[0]} = ${short(k)}`;
  }

  function drawn(u) {
    if (u !== plot) return;
    seen = ["x", "y"].map((key) => [u.scales[key].min, u.scales[key].max]);
    host.dataset.seen = JSON.stringify(seen);
    read();
  }

  function draw() {
    plot?.destroy();
    plot = undefined;
    place.replaceChildren(...(panel.series.length ? [] : ["No run is chosen."]));
    if (!panel.series.length) return;
    plot = new uPlot({
      width: Math.max(place.clientWidth, 200), height: HEIGHT, padding: [10, 18, 0, 0], pxAlign: 0,
      legend: { show: false },
      cursor: { drag: { x: true, y: true, uni: 30 }, bind: { dblclick: () => () => { reset(); return null; } } },
      scales: { x: scale(panel.log[0]), y: scale(panel.log[1]) },
      axes: [axis(panel, 0), axis(panel, 1)],
      series: [{}, ...panel.series.map((one, i) => curve(one, !off.has(i)))],
      hooks: { setCursor: [read], draw: [drawn] },
    }, columns(panel), place);
    const image = place.querySelector(".u-wrap");
    image.setAttribute("role", "img");
    image.setAttribute("aria-label", name);
    set(seen);
  }

  function entry(one, i) {
    const toggle = button("", () => {
      off[off.has(i) ? "delete" : "add"](i);
      toggle.setAttribute("aria-pressed", !off.has(i));
      draw();
    }, { "aria-pressed": "true" });
    toggle.append(swatch(one), one.label, make("b", {}));
    return make("li", {}, toggle);
  }

  function show(next) {
    panel = next;
    off.clear();
    legend.replaceChildren(...panel.series.map(entry));
    seen = home();
    draw();
  }

  const zoom = (factor) => set(zoomed(panel, seen, factor));
  host.append(legend, place, make("div", { class: "controls" },
    button("Zoom in", () => zoom(1 / 2)), button("Zoom out", () => zoom(2)), button("Reset", reset), range));
  new ResizeObserver(() => {
    const width = place.clientWidth;
    if (plot && width && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  }).observe(place);
  changed.add(() => { if (plot) draw(); });
  show(panel);
  return show;
}

/** The chart of a figure stands in place of its picture, and is drawn when it comes near the window. */
function addFigureCharts(figures) {
  const near = new IntersectionObserver((entries) => entries.filter((one) => one.isIntersecting).forEach(({ target }) => {
    near.unobserve(target);
    const figure = target.closest("figure");
    const [title, description] = all("title, desc", figure).map((one) => one.textContent);
    for (const panel of figures[figure.dataset.chart]) {
      const host = target.appendChild(make("div", { class: "panel" }, ...(panel.title ? [make("h4", {}, panel.title)] : [])));
      addChart(host, { ...panel, series: panel.series.map(decoded) }, `${title}. ${description}`);
    }
  }), { rootMargin: "400px" });
  for (const figure of all("figure[data-chart]")) {
    const chart = make("div", { class: "chart" });
    const toggle = button("Interactive chart", () => {
      const charted = figure.classList.toggle("charted");
      chart.hidden = !charted;
      toggle.setAttribute("aria-pressed", charted);
    }, { "aria-pressed": "true" });
    figure.classList.add("charted");
    figure.querySelector(".picture").before(make("div", { class: "controls" }, toggle), chart);
    near.observe(chart);
  }
}
