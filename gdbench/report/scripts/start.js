// The page is complete without scripts: these add what only a script can do.

// Before the page is there: no flash of another theme, and asking for the system's theme costs no layout.
const chosen = storage((kept) => kept.getItem("gdbench-theme"));
use(["light", "dark"].includes(chosen) ? chosen : dark ? "dark" : "light");
system.addEventListener("change", () => use(system.matches ? "dark" : "light"));
document.addEventListener("DOMContentLoaded", () => {
  const { figures, gaps, columns } = JSON.parse(document.querySelector("#data").textContent);
  curves = columns;
  document.body.append(probe);
  addTheme();
  addExplorer(gaps);
  addTables();
  addFigureCharts(figures);
  root.classList.add("scripted");
  performance.mark("ready");
});
