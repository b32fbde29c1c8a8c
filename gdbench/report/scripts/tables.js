// Tables to sort and to filter.

const words = new Intl.Collator("en", { numeric: true });
const said = (cell) => cell.firstChild?.textContent.trim() ?? "";
const counted = (shown, count) => `${shown} of ${count} rows`;

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
  const heads = all("thead th:not(.picked)", table);
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

/** A box for text, and a choice for each column of kind c; one of kind l holds lists, and a row is kept for each of its items. */
function addFilters(table) {
  const rows = [...table.tBodies[0].rows];
  const text = make("input", { type: "search", input: apply, autocomplete: "off" });
  const choices = all('thead :is([data-kind="c"], [data-kind="l"])', table).map((head) => choice(head));
  const count = make("p", { role: "status", "aria-live": "polite" });
  let texts;

  function choice(head) {
    const column = head.cellIndex;
    const items = head.dataset.kind === "l" ? (row) => said(row.cells[column]).split(", ") : (row) => [said(row.cells[column])];
    let filled = false;
    const fill = () => {
      if (filled) return;
      filled = true;
      select.append(...[...new Set(rows.flatMap(items))].filter(Boolean).map((one) => new Option(one, one)));
    };
    // Thousands of cells are read when the choice is touched, or when there is time before that.
    const select = make("select", { change: apply, focus: fill, pointerenter: fill }, new Option("all", ""));
    later(fill);
    return { items, select, fill, name: head.textContent };
  }

  function apply() {
    texts ??= rows.map((row) => row.textContent.toLowerCase());
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, i) => {
      const kept = texts[i].includes(wanted)
        && choices.every(({ items, select }) => !select.value || items(row).includes(select.value));
      row.hidden = !kept;
      shown += kept;
    });
    count.textContent = counted(shown, rows.length);
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
  count.textContent = counted(rows.length, rows.length);
  table.parentElement.before(controls);
  function choose(name, value) {
    clear();
    const { select, fill } = choices.find((one) => one.name === name);
    fill();
    select.value = value;
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
  // A theorem's counts lead to its verdicts alone; any other link to a row brings the row back that a filter hides.
  document.addEventListener("click", ({ target }) => {
    const link = target.closest('a[href^="#"]');
    const goal = link && document.getElementById(link.hash.slice(1));
    const row = goal?.closest("tr");
    if (link?.dataset.choose) {
      const filter = filters.get(goal.closest("section").querySelector("table"));
      filter?.choose(link.dataset.choose, said(link.closest("tr").cells[0]));
    } else if (row?.hidden) filters.get(row.closest("table")).clear();
  });
  // A box that does not scroll is no stop of the Tab key.
  const stop = ({ target }) => {
    if (!target.firstElementChild.checkVisibility({ contentVisibilityAuto: true })) return; // not laid out yet
    const scrolls = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
    if (scrolls) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  };
  const boxes = new ResizeObserver((entries) => entries.forEach(stop));
  for (const box of all(".scroll")) {
    boxes.observe(box);
    box.addEventListener("contentvisibilityautostatechange", stop);
  }
}
