// How the other scripts make elements.

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

/** What can wait until the browser has nothing else to do. */
const later = window.requestIdleCallback ? (work) => requestIdleCallback(work) : setTimeout;

const button = (text, click, attributes = {}) => make("button", { type: "button", click, ...attributes }, text);
