// Dark and light: the system's choice, until the reader makes one.

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
