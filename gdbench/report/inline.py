"""Pictures as parts of a page: inline styles become classes whose colours follow the theme, and no two ids collide."""

from __future__ import annotations

import re

from gdbench.report.compact import dense, gathered
from gdbench.report.draw import COLORS, FAINT, PAPER, RULES

#: A darker shade is needed where a colour is a text's: 4.5:1 against the paper.
LIGHT_TEXT = {
    "blue": "#00669f",
    "orange": "#ad4a00",
    "green": "#00714f",
    "purple": "#963a87",
    "gold": "#7d5b00",
    "ink": COLORS["ink"],
}
DARK = {
    "blue": "#5ab4f0",
    "orange": "#ff9357",
    "green": "#35c99d",
    "purple": "#e08fd3",
    "gold": "#e3b54a",
    "ink": "#e6e8ea",
}
_LIGHT = {**COLORS, "paper": PAPER, "rules": RULES, "faint": FAINT}
_DARK = {**DARK, "paper": "#15181c", "rules": "#3a4149", "faint": "#7b848d"}
_NAMES = {color: name for name, color in _LIGHT.items()}


def palette() -> str:
    """The colours of both themes as custom properties; `-text` is for text."""
    lines = [_pair(name, light, _DARK[name]) for name, light in _LIGHT.items()]
    return "\n".join([":root{", *lines, *(_pair(f"{name}-text", LIGHT_TEXT[name], DARK[name]) for name in DARK), "}"])


def _pair(name: str, light: str, dark: str) -> str:
    return f"--{name}:light-dark({light},{dark});"


class Inliner:
    """Turns SVG documents into elements of one page, and collects the classes that they share."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}

    def element(self, document: str, name: str) -> str:
        """The document's svg element without what a page does not need; its ids start with the name."""
        text = document[document.index("<svg ") :]
        text = re.sub(r"<!--.*?-->|<style.*?</style>", "", text, flags=re.DOTALL)
        text = re.sub(r' (?:width|height)="[^"]*pt"| version="1.1"| xmlns(?::xlink)?="[^"]*"', "", text)
        text = re.sub(r"\s+", " ", text.replace("xlink:href", "href")).replace("> <", "><").strip()
        text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
        text = re.sub(r' (d|x|y)="([^"]*)"', lambda found: f' {found[1]}="{dense(found[2])}"', text)
        text = re.sub(r' style="([^"]*)"', lambda style: f' class="{self._name(style[1])}"', text)
        return gathered(_ungrouped(_renamed(text, name)))

    def css(self) -> str:
        """The rules of all classes so far."""
        return "\n".join(f".{name}{{{_themed(style)}}}" for style, name in self._classes.items())

    def _name(self, style: str) -> str:
        return self._classes.setdefault(style, f"s{len(self._classes)}")


def _ungrouped(text: str) -> str:
    """Without the groups that have no attributes, which matplotlib makes for their ids, and without empty defs."""
    plain: list[bool] = []

    def group(tag: re.Match[str]) -> str:
        if tag[0] != "</g>":
            plain.append(tag[0] == "<g>")
            return "" if plain[-1] else tag[0]
        return "" if plain.pop() else tag[0]

    return re.sub("<g(?: [^>]*)?>|</g>", group, text).replace("<defs></defs>", "")


def _renamed(text: str, name: str) -> str:
    """Ids that something refers to are numbered behind the name; the others go."""
    labels = re.search(r'aria-labelledby="([^"]*)"', text)
    used = [*(labels[1].split() if labels else ()), *re.findall(r'(?:url\(|href=")#([^")]+)', text)]
    new = {old: f"{name}-{i}" for i, old in enumerate(dict.fromkeys(used))}
    text = re.sub(r' id="([^"]*)"', lambda found: f' id="{new[found[1]]}"' if found[1] in new else "", text)
    text = re.sub(r'(url\(|href=")#([^")]+)', lambda found: f"{found[1]}#{new[found[2]]}", text)
    named = lambda found: f'aria-labelledby="{" ".join(new[one] for one in found[1].split())}"'  # noqa: E731
    return re.sub(r'aria-labelledby="([^"]*)"', named, text)


def _themed(style: str) -> str:
    """The colours by their names in the palette; a picture's text is set in the page's font."""
    text = "font-family" in style
    style = style.replace("'DejaVu Sans'", "var(--sans)").replace("; ", ";").replace(": ", ":")

    def color(found: re.Match[str]) -> str:
        name = _NAMES[found[0]]
        return f"var(--{name}-text)" if text and name in LIGHT_TEXT else f"var(--{name})"

    return re.sub("#[0-9a-f]{6}", color, style)
