// The gap of any runs, side by side.

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
      label: name, style: STYLES[Math.floor(i / COLORS.length) % STYLES.length], color: COLORS[i % COLORS.length], ...decoded(gap),
    }));
    return { labels: ["k", "f(xₖ) − f⋆"], log: [logarithmic, true], limits: [null, null], series };
  }

  table.tHead.rows[0].append(make("th", { scope: "col", class: "picked", "data-kind": "t" }, "curve"));
  const [empty, ticked] = [[], [make("input", { type: "checkbox" })]].map((inside) => make("td", { class: "picked" }, ...inside));
  [...table.tBodies[0].rows].forEach((row, i) => {
    const cell = row.appendChild((gaps[i] ? ticked : empty).cloneNode(true));
    if (!gaps[i]) return;
    const [first, box] = [row.firstElementChild, cell.firstChild];
    const problem = said(first.nextElementSibling);
    const name = `${said(first)} on ${problem}`;
    box.ariaLabel = `Curve of ${name}`;
    boxes.push({ box, name, problem, gap: gaps[i] });
  });
  table.addEventListener("change", () => show?.(panel()));
  firstChosen(boxes).forEach(({ box }) => { box.checked = true; });

  const scale = button("Logarithmic k", () => {
    logarithmic = !logarithmic;
    scale.setAttribute("aria-pressed", logarithmic);
    show?.(panel());
  }, { "aria-pressed": "true" });
  const none = button("No curves", () => { boxes.forEach(({ box }) => { box.checked = false; }); show?.(panel()); });
  const host = make("div", { class: "chart" });
  const explorer = make("div", { class: "explorer" }, make("h3", {}, "Runs side by side"),
    make("p", {}, "The gap of the runs whose box is ticked in the table below, down to 1e-15 of the first, thinned to at "
      + "most 24 points each; where f⋆ is unknown, f less a lower bound of it."),
    make("div", { class: "controls" }, scale, none), host);
  table.closest("section").querySelector("p").after(explorer);
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((one) => one.isIntersecting)) return;
    observer.disconnect();
    show = addChart(host, panel(), "Gap against k of the runs that are ticked in the table below");
  }, { rootMargin: "400px" }).observe(host);
}
