"use strict";
// The page is complete without this script, which adds what only a script can do: sorting, filters, charts, a theme.
{
  const root = document.documentElement;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  /** An element; attributes whose value is a function are listeners. */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  const button = (text, click, attributes = {}) => make("button", { type: "button", click, ...attributes }, text);

  // ---- Theme -------------------------------------------------------------------------------------------------------

  const system = matchMedia("(prefers-color-scheme: dark)");
  const changed = new Set();
  let dark = system.matches;

  // Storage is refused to some pages that are opened from a file: then the choice lasts as long as the page.
  const storage = (use) => { try { return use(localStorage); } catch { return null; } };

  function use(theme) {
    root.dataset.theme = theme;
    dark = theme === "dark";
    document.querySelector(".theme")?.setAttribute("aria-pressed", dark);
    changed.forEach((redraw) => redraw());
  }

  function addTheme() {
    const toggle = button("Dark colours", () => {
      use(dark ? "light" : "dark");
      storage((kept) => kept.setItem("gdbench-theme", root.dataset.theme));
    }, { class: "theme", "aria-pressed": dark });
    document.querySelector("header").prepend(toggle);
  }

  // A canvas takes colours, not names of colours: an element resolves them in the theme of the moment.
  const probe = make("span", { hidden: "" });
  function ink(name) {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  }

  // ---- Tables ------------------------------------------------------------------------------------------------------

  const words = new Intl.Collator("en", { numeric: true });
  const said = (cell) => cell.firstChild?.textContent.trim() ?? "";

  /** Numbers before words before nothing; only numbers and words turn round. */
  function compare(a, b, direction) {
    if (a.rank !== b.rank) return a.rank - b.rank;
    return direction * (a.rank ? words.compare(a.text, b.text) : a.number - b.number);
  }

  function keyOf(text, numeric) {
    const number = numeric ? parseFloat(text) : NaN;
    return { text, number, rank: text === "" ? 2 : Number.isNaN(number) ? 1 : 0 };
  }

  function addSorting(table) {
    const body = table.tBodies[0];
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const sort = () => {
        const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => [row, keyOf(said(row.cells[column]), head.dataset.kind === "n")]);
        body.append(...rows.sort((a, b) => compare(a[1], b[1], direction)).map(([row]) => row));
      };
      head.replaceChildren(button(head.textContent, sort));
    });
  }

  /** A box for text, and a choice for each column of kind c. */
  function addFilters(table) {
    const rows = [...table.tBodies[0].rows];
    const text = make("input", { type: "search", input: apply, autocomplete: "off" });
    const choices = all('thead th[data-kind="c"]', table).map((head) => choice(head));
    const count = make("p", { role: "status", "aria-live": "polite" });
    let texts;

    function choice(head) {
      const column = head.cellIndex;
      const found = [...new Set(rows.map((row) => said(row.cells[column])))].filter(Boolean);
      const select = make("select", { change: apply }, new Option("all", ""), ...found.map((one) => new Option(one, one)));
      return { column, select, name: head.textContent };
    }

    function apply() {
      texts ??= rows.map((row) => row.textContent.toLowerCase());
      const wanted = text.value.trim().toLowerCase();
      let shown = 0;
      rows.forEach((row, i) => {
        const kept = texts[i].includes(wanted)
          && choices.every(({ column, select }) => !select.value || said(row.cells[column]) === select.value);
        row.hidden = !kept;
        shown += kept;
      });
      count.textContent = `${shown} of ${rows.length} rows`;
    }

    function clear() {
      text.value = "";
      choices.forEach(({ select }) => { select.value = ""; });
      apply();
    }

    const controls = make("div", { class: "controls", role: "group", "aria-label": `Filter: ${table.caption.textContent}` },
      make("label", {}, "Filter", text),
      ...choices.map(({ name, select }) => make("label", {}, name, select)),
      button("Clear", clear),
      count);
    controls.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
    count.textContent = `${rows.length} of ${rows.length} rows`;
    table.parentElement.before(controls);
    function choose(name, value) {
      clear();
      choices.find((one) => one.name === name).select.value = value;
      apply();
    }
    return { choose, clear };
  }

  function addTables() {
    const filters = new Map();
    for (const table of all("table")) {
      if (table.tBodies[0].rows.length > 8 && !table.closest("details")) filters.set(table, addFilters(table));
      addSorting(table);
    }
    // A theorem's count leads to its verdicts alone; any other link to a row brings the row back that a filter hides.
    document.addEventListener("click", ({ target }) => {
      const link = target.closest('a[href^="#"]');
      const row = link && document.getElementById(link.hash.slice(1))?.closest("tr");
      if (link?.dataset.theorem) filters.get(row.closest("table")).choose("theorem", link.dataset.theorem);
      else if (row?.hidden) filters.get(row.closest("table")).clear();
    });
    // A box that does not scroll is no stop of the Tab key.
    const boxes = new ResizeObserver((entries) => entries.forEach(({ target }) => {
      const scrolls = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
      if (scrolls) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }));
    all(".scroll").forEach((box) => boxes.observe(box));
  }

  // ---- Charts ------------------------------------------------------------------------------------------------------

  const DASHES = { dashed: [8, 4], dotted: [2, 4] };
  const POINTS = { points: 6, path: 5 };
  const raised = (power) => `10${[...String(power)].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻").join("")}`;
  const short = (value) => (value === null || value === undefined ? "" : String(+value.toPrecision(4)).replace("-", "−"));

  /** All that is drawn, a little wider, unless the panel says how far. */
  function home(panel, axis) {
    if (panel.limits[axis]) return panel.limits[axis];
    const log = panel.log[axis];
    const values = panel.series.flatMap((one) => (axis ? one.y : one.x)).filter((value) => value !== null && (!log || value > 0));
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    if (low > high) return log ? [0.1, 1] : [0, 1];
    if (log) return axis ? [low / 1.6, high * 1.6] : [low / 1.05, high * 1.05];
    const wider = axis ? 0.05 * (high - low || 1) : 0.01 * (high - low || 1);
    return [low - (low || axis ? wider : 0), high + wider];
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

  /** A chart of one panel with its legend and buttons; show(panel) draws another one in its place. */
  function addChart(host, panel, name) {
    const legend = make("ul", { class: "legend" });
    const place = make("div", { class: "plot" });
    const range = make("p", {});
    const off = new Set();
    let plot, seen;

    const set = (x, y) => plot.batch(() => { plot.setScale("x", { min: x[0], max: x[1] }); plot.setScale("y", { min: y[0], max: y[1] }); });
    const reset = () => { seen = [home(panel, 0), home(panel, 1)]; if (plot) set(...seen); };
    function zoom(factor) {
      const next = seen.map(([low, high], axis) => {
        const [to, from] = panel.log[axis] ? [Math.log, Math.exp] : [Number, Number];
        const [middle, half] = [(to(low) + to(high)) / 2, ((to(high) - to(low)) / 2) * factor];
        return [from(middle - half), from(middle + half)];
      });
      set(...next);
    }

    const scale = (axis) => ({
      time: false, auto: false, distr: panel.log[axis] ? 3 : 1, range: (_, low, high) => [low, high],
    });
    const lines = (axis) => ({
      label: panel.labels[axis], labelSize: 22, labelGap: 0, size: axis ? 62 : 34, gap: 4, font: "12px system-ui, sans-serif",
      labelFont: "12px system-ui, sans-serif", stroke: ink("ink"),
      grid: { stroke: ink("rules"), width: 1 }, ticks: { stroke: ink("faint"), width: 1, size: 5 },
      splits: (_u, _i, low, high) => ticks(low, high, panel.log[axis]),
      filter: (_, values) => values,
      values: (_, values) => values.map((value) => tickText(value, values, panel.log[axis])),
    });
    const curve = (one, i) => ({
      label: one.label, stroke: ink(one.color), width: one.style === "line" ? 2 : 1.5, dash: DASHES[one.style], show: !off.has(i),
      points: { show: one.style in POINTS, size: POINTS[one.style], fill: ink(one.color) },
    });
    const data = () => uPlot.join(panel.series.map(({ x, y }) => {
      const kept = x.flatMap((value, i) => (panel.log[0] && !(value > 0) ? [] : [i]));
      return [kept.map((i) => x[i]), kept.map((i) => (panel.log[1] && !(y[i] > 0) ? null : y[i]))];
    }));

    function read() {
      const at = plot.cursor.idxs ?? [];
      all("b", legend).forEach((value, i) => {
        const where = at[i + 1];
        value.textContent = where === null || where === undefined ? "" : short(plot.data[i + 1][where]);
      });
      const k = at[0] === null || at[0] === undefined ? "" : `${panel.labels[0]} = ${short(plot.data[0][at[0]])}`;
      range.textContent = k || `${panel.labels[0]} from ${short(seen[0][0])} to ${short(seen[0][1])}`;
    }

    function draw() {
      plot?.destroy();
      plot = undefined;
      if (!panel.series.length) return place.replaceChildren("No run is chosen.");
      place.replaceChildren();
      plot = new uPlot({
        width: Math.max(place.clientWidth, 200), height: 320, legend: { show: false }, padding: [10, 14, 0, 0],
        cursor: { drag: { x: true, y: true, uni: 30 }, bind: { dblclick: () => () => { reset(); return null; } } },
        scales: { x: scale(0), y: scale(1) }, axes: [lines(0), lines(1)], pxAlign: 0, series: [{}, ...panel.series.map(curve)],
        hooks: {
          setCursor: [read],
          setScale: [(u) => { if (u === plot) seen = ["x", "y"].map((key) => [u.scales[key].min, u.scales[key].max]); }],
          draw: [() => { if (plot) { host.dataset.seen = JSON.stringify(seen); read(); } }],
        },
      }, data(), place);
      place.querySelector(".u-wrap").setAttribute("role", "img");
      place.querySelector(".u-wrap").setAttribute("aria-label", name);
      set(...seen);
    }

    function swatch({ color, style }) {
      const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      const look = { x1: 0, y1: 5, x2: 28, y2: 5, "stroke-width": 2.5, "stroke-dasharray": (DASHES[style] ?? []).join(" "), stroke: `var(--${color})` };
      for (const [key, value] of Object.entries(look)) line.setAttribute(key, value);
      picture.setAttribute("aria-hidden", "true");
      picture.append(line);
      return picture;
    }

    function entry(one, i) {
      const toggle = make("button", { type: "button", "aria-pressed": !off.has(i), click: () => {
        off[off.has(i) ? "delete" : "add"](i);
        toggle.setAttribute("aria-pressed", !off.has(i));
        draw();
      } }, swatch(one), one.label, make("b", {}));
      return make("li", {}, toggle);
    }

    function show(next) {
      panel = next;
      off.clear();
      legend.replaceChildren(...panel.series.map(entry));
      seen = [home(panel, 0), home(panel, 1)];
      draw();
    }

    host.append(legend, place, make("div", { class: "controls" },
      button("Zoom in", () => zoom(1 / 2)), button("Zoom out", () => zoom(2)), button("Reset", reset), range));
    new ResizeObserver(() => { if (plot && place.clientWidth && place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height: 320 }); }).observe(place);
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
        addChart(host, panel, `${title}. ${description}`);
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

  // ---- Runs side by side -------------------------------------------------------------------------------------------

  const COLORS = ["blue", "orange", "green", "purple", "gold", "ink"];
  const STYLES = ["line", "dashed", "dotted"];

  /** The runs on the problem that most methods were run on: at most one of each colour. */
  function firstChosen(boxes) {
    const on = Map.groupBy(boxes, ({ problem }) => problem);
    const most = [...on.values()].reduce((best, runs) => (runs.length > best.length ? runs : best), []);
    return most.slice(0, COLORS.length);
  }

  /** A box in each row of the runs, and a chart above them with the gap of those that are chosen. */
  function addExplorer(gaps) {
    const table = document.querySelector("#runs");
    const boxes = [];
    let logarithmic = true;
    let show;

    function panel() {
      const chosen = boxes.filter(({ box }) => box.checked);
      const series = chosen.map(({ name, gap }, i) => ({
        label: name, style: STYLES[Math.floor(i / COLORS.length) % STYLES.length], color: COLORS[i % COLORS.length], ...gap,
      }));
      return { labels: ["k", "f(xₖ) − f⋆"], log: [logarithmic, true], limits: [null, null], series };
    }

    table.tHead.rows[0].append(make("th", { scope: "col", class: "picked", "data-kind": "t" }, "curve"));
    [...table.tBodies[0].rows].forEach((row, i) => {
      const [optimizer, problem] = [said(row.cells[0]), said(row.cells[1])];
      const name = `${optimizer} on ${problem}`;
      const box = make("input", { type: "checkbox", change: () => show?.(panel()), "aria-label": `Curve of ${name}` });
      const cell = row.insertCell();
      cell.className = "picked";
      if (!gaps[i]) return;
      cell.append(box);
      boxes.push({ box, name, problem, gap: gaps[i] });
    });
    firstChosen(boxes).forEach(({ box }) => { box.checked = true; });

    const scale = button("Logarithmic k", () => {
      logarithmic = !logarithmic;
      scale.setAttribute("aria-pressed", logarithmic);
      show(panel());
    }, { "aria-pressed": "true" });
    const none = button("No curves", () => { boxes.forEach(({ box }) => { box.checked = false; }); show(panel()); });
    const host = make("div", { class: "chart" });
    const explorer = make("div", { class: "explorer" }, make("h3", {}, "Runs side by side"),
      make("p", {}, "The gap of the runs whose box is ticked in the table below, thinned to at most 80 points each; where f⋆ is unknown, f less a lower bound of it."),
      make("div", { class: "controls" }, scale, none), host);
    table.closest("section").querySelector("p").after(explorer);
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((one) => one.isIntersecting)) return;
      observer.disconnect();
      show = addChart(host, panel(), "Gap against k of the runs that are ticked in the table below");
    }, { rootMargin: "400px" }).observe(host);
  }

  // Before the page is there: no flash of another theme, and asking for the system's theme costs no layout.
  const chosen = storage((kept) => kept.getItem("gdbench-theme"));
  use(["light", "dark"].includes(chosen) ? chosen : dark ? "dark" : "light");
  system.addEventListener("change", () => use(system.matches ? "dark" : "light"));
  document.addEventListener("DOMContentLoaded", () => {
    const { figures, gaps } = JSON.parse(document.querySelector("#data").textContent);
    document.body.append(probe);
    addTheme();
    addExplorer(gaps);
    addTables();
    addFigureCharts(figures);
    root.classList.add("scripted");
    performance.mark("ready");
  });
}
