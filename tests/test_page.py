"""The report's page in a browser: offline, whole without scripts, operable by keyboard, legible in both themes."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from browsers import chromium

from gdbench.report.content import Undrawn, content
from gdbench.report.draw import svg
from gdbench.report.figure import Figure, Panel, Series
from gdbench.report.notation import symbols
from gdbench.report.page import page

EVIL = "<img src=x onerror=alert(1)>\"'&amp;</script><script>alert(2)</script><!--"
SMALLEST_CONTRAST = 4.5
PATIENCE_MS = 30_000  # what a click may wait for on a busy machine


@pytest.fixture(scope="module")
def address(files, tmp_path_factory):
    return _written(tmp_path_factory, files["index.html"])


def _written(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path.as_uri()


@contextmanager
def view(browser, address, *, width=1280, before="", complaint=None, **options):
    """The page in a fresh profile; at the end, nothing but the file was asked for and nothing was complained of."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    opened.add_init_script(before)
    asked, said = [], []
    opened.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - playwright marks its listeners
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("dialog", lambda dialog: (said.append("a dialog"), dialog.dismiss()))
    opened.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    try:
        opened.goto(address)
        yield opened
        assert {request.url.partition("#")[0] for request in asked if request.failure != "csp"} == {address}
        assert [text for text in said if complaint is None or complaint not in text] == []
    finally:
        context.close()


@pytest.fixture
def shown(browser, address):
    with view(browser, address, reduced_motion="reduce") as opened:
        yield opened


@pytest.fixture(scope="module")
def plain(browser, address):
    with view(browser, address, java_script_enabled=False) as opened:
        yield opened


def column(opened, table, name, *, visible=False):
    """The texts of a column, by the head's words."""
    return opened.evaluate(
        """([table, name, visible]) => {
            const heads = [...document.querySelectorAll(`#${table} thead th`)];
            const i = heads.findIndex((head) => head.textContent === name);
            const rows = [...document.querySelector(`#${table}`).tBodies[0].rows];
            return rows.filter((row) => !visible || row.offsetHeight > 0).map((row) => row.cells[i].textContent.trim());
        }""",
        [table, name, visible],
    )


def sort_button(opened, table, name):
    return opened.locator(f"#{table} thead").get_by_role("button", name=name, exact=True)


def controls(opened, table):
    return opened.locator(f".controls:has(+ .scroll > #{table})")


def test_a_browser_is_needed_in_ci_and_asked_for_elsewhere(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="install the package chromium"):
        chromium()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="install the package chromium"):
        chromium()


def test_one_file_of_less_than_a_megabyte_that_names_no_other_host(files):
    text = files["index.html"]
    assert len(text.encode()) < 1_000_000
    without_licences = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert set(re.findall(r"https?://[^\s\"'<)]+", without_licences)) <= {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r'(?:src|href)="([^#"][^"]*)"', text)) <= set(files)


def test_the_contents_lead_to_their_headings(shown):
    links = shown.locator("nav a")
    assert links.count() == 8
    for i in range(links.count()):
        shown.evaluate("scrollTo(0, 0)")
        links.nth(i).click()
        shown.wait_for_timeout(300)
        place = "document.querySelector(location.hash).getBoundingClientRect().top"
        assert 0 <= shown.evaluate(place) <= 200, links.nth(i).text_content()


def test_the_policy_admits_nothing_that_is_added(browser, address):
    with view(browser, address, complaint="Content Security Policy") as opened:
        added = """(done) => new Promise((done) => {
            const script = document.body.appendChild(document.createElement("script"));
            script.textContent = "document.body.dataset.ran = 1";
            const image = new Image();
            image.onload = () => done("loaded");
            image.onerror = () => done("refused");
            image.src = "https://example.invalid/x.png";
        })"""
        assert opened.evaluate(added) == "refused"
        assert opened.evaluate("document.body.dataset.ran") is None


def test_the_page_is_ready(shown):
    marks = shown.evaluate("performance.getEntriesByName('ready').length")
    assert marks == 1 and shown.evaluate("document.documentElement.classList.contains('scripted')")


# ---- Without scripts


SEEN = """(selector) => [...document.querySelectorAll(selector)].map((element) => {
    const box = element.getBoundingClientRect();
    const clipped = [];
    for (let over = element.parentElement; over; over = over.parentElement) {
        const bounds = over.getBoundingClientRect();
        const outside = box.top < bounds.top - 1 || box.bottom > bounds.bottom + 1;
        if (outside && getComputedStyle(over).overflowY !== "visible") clipped.push(over.tagName);
    }
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && box.width > 0 && box.height > 0 && box.top + scrollY >= 0 && !clipped.length;
})"""


@pytest.fixture(scope="module")
def lacking(record):
    """The verdicts "not applicable"."""
    return [row for row in record.rows.verdicts if row["outcome"] == "not applicable"]


def test_without_scripts_every_row_is_seen(plain, record, lacking):
    rows = record.rows
    groups = {(row["optimizer"], row["problem"], row["reason"]) for row in lacking}
    counts = {"runs": len(rows.runs), "claims": len(rows.claims)}
    counts |= {"verdicts": len(rows.verdicts) - len(lacking), "inapplicable": len(groups)}
    for table, count in counts.items():
        seen = plain.evaluate(SEEN, f"#{table} tbody tr")
        assert len(seen) == count > 40 and all(seen), table


def test_without_scripts_every_figure_is_seen_and_no_control_is(plain, files):
    seen = plain.evaluate(SEEN, "figure svg[role=img]")
    assert len(seen) == sum(name.endswith(".svg") for name in files) > 8 and all(seen)
    assert plain.evaluate(SEEN, "figcaption") == [True] * len(seen)
    assert plain.locator("button, input, select").count() == 0
    assert plain.evaluate(SEEN, "[hidden]") == []


def test_every_row_says_what_was_recorded(plain, record):
    number, rows = "{:.6g}".format, record.rows
    assert column(plain, "claims", "measured") == [symbols(row["figure"]) for row in rows.claims]
    assert column(plain, "runs", "problem") == [row["problem"] for row in rows.runs]
    expected = sorted((row["theorem"], row["optimizer"], row["problem"], row["outcome"], number(row["bound"]))
                      for row in rows.verdicts if row["outcome"] != "not applicable")  # fmt: skip
    columns = [column(plain, "verdicts", name) for name in ("theorem", "optimizer", "problem", "outcome", "bound")]
    assert sorted(zip(*columns[:4], (text or "nan" for text in columns[4]), strict=True)) == expected


def test_every_theorem_that_does_not_apply_is_there_with_its_run_and_reason(plain, lacking):
    names = ("optimizer", "problem", "reason", "theorems", "verdicts")
    rows = list(zip(*(column(plain, "inapplicable", name) for name in names), strict=True))
    said = sorted((*row[:3], theorem) for row in rows for theorem in row[3].split(", "))
    assert said == sorted((row["optimizer"], row["problem"], symbols(row["reason"]), row["theorem"]) for row in lacking)
    assert all(int(row[4]) == len(row[3].split(", ")) for row in rows)


def test_the_counts_say_how_many_verdicts_there_are(plain, record, lacking):
    counts = dict(zip(column(plain, "outcomes", "outcome"), column(plain, "outcomes", "verdicts"), strict=True))
    assert counts == {one: str(sum(row["outcome"] == one for row in record.rows.verdicts)) for one in counts}
    for name, rows in (
        ("verdicts", [row for row in record.rows.verdicts if row["outcome"] != "not applicable"]),
        ("not applicable", lacking),
    ):
        shown = dict(zip(column(plain, "theorems", "theorem"), column(plain, "theorems", name), strict=True))
        assert shown == {one: str(sum(row["theorem"] == one for row in rows) or "") for one in shown}


# ---- Tables


def _numeric(texts):
    """As the page should sort them: numbers, then words, then nothing."""
    numbers = [float(text.split()[0]) for text in texts if re.match(r"-?[\d.]", text)]
    return sorted(numbers), sum(text == "" for text in texts)


def test_a_numeric_column_sorts_both_ways_by_click_and_by_key(shown):
    before = column(shown, "verdicts", "measured")
    expected, empty = _numeric(before)
    assert empty > 20 and any("e-" in text for text in before)
    button = sort_button(shown, "verdicts", "measured")
    up, down = ("ascending", expected), ("descending", expected[::-1])
    presses = (button.click, lambda: button.press("Enter"), lambda: button.press("Space"))
    for press, (direction, order) in zip(presses, (up, down, up), strict=True):
        press()
        after = column(shown, "verdicts", "measured")
        assert [float(text) for text in after[: len(expected)]] == order
        assert set(after[len(expected) :]) == {""} and len(after) == len(before)
        sorts = shown.evaluate("[...document.querySelectorAll('#verdicts [aria-sort]')].map((one) => one.ariaSort)")
        assert sorts == [direction]


@pytest.mark.parametrize("way", ["click", "Enter"])
def test_a_text_column_sorts_both_ways(shown, way):
    before = column(shown, "claims", "section")
    expected = sorted(before, key=lambda text: (re.sub(r"\d+", "", text), int(re.sub(r"\D", "", text) or 0)))
    assert before != expected
    button = sort_button(shown, "claims", "section")
    press = button.click if way == "click" else lambda: button.press(way)
    press()
    assert column(shown, "claims", "section") == expected
    press()
    assert column(shown, "claims", "section") == expected[::-1]
    sort_button(shown, "claims", "status").click()
    sorts = shown.evaluate("[...document.querySelectorAll('#claims [aria-sort]')].map((one) => one.textContent)")
    assert sorts == ["status"]


def test_numbers_in_names_sort_as_numbers_and_words_after_numbers(shown):
    sort_button(shown, "runs", "problem").click()
    names = column(shown, "runs", "problem")
    places = [names.index(f"quadratic[kappa={kappa},dim=2,start=bottom]") for kappa in (2, 10, 16, 10000)]
    assert places == sorted(places)
    sort_button(shown, "runs", "1e-6").click()
    for _ in range(2):
        texts = column(shown, "runs", "1e-6")
        numbers = sum(text.isdigit() for text in texts)
        assert 20 < numbers < len(texts) and all(text.isdigit() for text in texts[:numbers])
        sort_button(shown, "runs", "1e-6").click()


def test_filters_keep_the_rows_that_match_and_count_them(shown, record):
    rows, box = [row for row in record.rows.verdicts if row["outcome"] != "not applicable"], controls(shown, "verdicts")
    status = box.get_by_role("status")
    assert status.text_content() == f"{len(rows)} of {len(rows)} rows"
    box.get_by_label("Filter").fill("Rosenbrock")
    wanted = [row for row in rows if "rosenbrock" in " ".join(map(str, row.values())).lower()]
    assert {name.partition("[")[0] for name in column(shown, "verdicts", "problem", visible=True)} == {"rosenbrock"}
    assert status.text_content() == f"{len(wanted)} of {len(rows)} rows" and 0 < len(wanted) < len(rows)
    box.get_by_label("outcome").select_option("holds")
    wanted = [row for row in wanted if row["outcome"] == "holds"]
    assert column(shown, "verdicts", "outcome", visible=True) == ["holds"] * len(wanted) != []
    assert status.text_content() == f"{len(wanted)} of {len(rows)} rows"
    box.get_by_label("outcome").press("Escape")
    assert len(column(shown, "verdicts", "theorem", visible=True)) == len(rows)
    assert status.text_content() == f"{len(rows)} of {len(rows)} rows"
    assert box.get_by_label("Filter").input_value() == "" and box.get_by_label("outcome").input_value() == ""
    box.get_by_label("Filter").fill("hides THE bound")
    reasons = column(shown, "verdicts", "reason", visible=True)
    assert set(reasons) == {"rounding hides the bound at every k"}
    assert status.text_content().startswith(f"{len(reasons)} of ")
    box.get_by_label("Filter").fill("there is no such row")
    assert status.text_content() == f"0 of {len(rows)} rows"
    box.get_by_role("button", name="Clear").click()
    assert len(column(shown, "verdicts", "theorem", visible=True)) == len(rows)


def test_the_filter_finds_every_theorem_that_does_not_apply_to_a_run(shown, lacking):
    box = controls(shown, "inapplicable")
    kept = lambda name: column(shown, "inapplicable", name, visible=True)  # noqa: E731
    box.get_by_label("Filter").fill("l = 1.9802 IS not 1")
    assert set(kept("reason")) == {"α L = 1.9802 is not 1"}
    box.get_by_label("Filter").fill("sine_BOWL")
    box.get_by_label("optimizer").select_option("gradient_descent")
    wanted = [r for r in lacking if r["optimizer"] == "gradient_descent" and r["problem"].startswith("sine_bowl")]
    assert {row["problem"] for row in wanted} == set(kept("problem")) != set()
    assert sorted(", ".join(kept("theorems")).split(", ")) == sorted(row["theorem"] for row in wanted)
    box.get_by_role("button", name="Clear").click()
    box.get_by_label("theorems").select_option("gd_nonconvex")
    wanted = [row for row in lacking if row["theorem"] == "gd_nonconvex"]
    runs = sorted(zip(kept("optimizer"), kept("problem"), strict=True))
    assert runs == sorted((row["optimizer"], row["problem"]) for row in wanted) != []


def test_filters_hold_while_sorting(shown):
    box = controls(shown, "runs")
    box.get_by_label("status").select_option("reached")
    before = column(shown, "runs", "at k", visible=True)
    sort_button(shown, "runs", "at k").click()
    after = column(shown, "runs", "at k", visible=True)
    assert after == sorted(before, key=int) != before


def test_theorems_and_their_verdicts_link_both_ways(shown, record):
    held, lacking = (shown.locator("#t-gd_sc_gap").get_by_role("link", name=name) for name in ("verdicts", "not apply"))
    rows = record.verdicts("gd_sc_gap")
    count = sum(row["outcome"] == "not applicable" for row in rows)
    lacking.click()
    listed = column(shown, "inapplicable", "theorems", visible=True)
    assert len(listed) == count > 1 and all("gd_sc_gap" in text.split(", ") for text in listed)
    held.click()
    assert column(shown, "verdicts", "theorem", visible=True) == ["gd_sc_gap"] * (len(rows) - count)
    controls(shown, "theorems").get_by_label("Filter").fill("there is no such theorem")
    shown.locator("#verdicts a:visible").first.click()
    row = shown.locator("#t-gd_sc_gap")
    assert row.is_visible() and shown.url.endswith("#t-gd_sc_gap")
    shown.wait_for_function("(() => { const box = document.querySelector('#t-gd_sc_gap').getBoundingClientRect();"
                            "return box.top >= 0 && box.bottom <= innerHeight; })()")  # fmt: skip


# ---- What names hold


@pytest.fixture(scope="module")
def poisoned(record, tmp_path_factory):
    """A page whose every text is markup."""
    rows = record.rows
    spoil = lambda some, *names: [{**row, **dict.fromkeys(names, EVIL)} for row in some[:30]]  # noqa: E731
    rows = replace(
        rows,
        claims=spoil(rows.claims, "says", "figure", "section"),
        runs=[{**row, "status": "failed", "as_expected": False} for row in spoil(rows.runs, "problem", "reason")],
        verdicts=[{**row, "as_expected": False} for row in spoil(rows.verdicts, "problem", "optimizer", "reason")],
    )
    line = Series(EVIL, np.array([0.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.0]))
    figure = Figure("evil", EVIL, EVIL, EVIL, (Panel((line,), title=EVIL),))
    said = replace(content(replace(record, rows=rows)), figures=(figure,), undrawn=(Undrawn(EVIL, EVIL),))
    return _written(tmp_path_factory, page(said, {"evil": svg(figure)}))


def test_markup_in_names_is_shown_and_does_nothing(browser, poisoned):
    with view(browser, poisoned) as opened:
        shown = symbols(EVIL)
        assert set(column(opened, "runs", "problem")) == {EVIL} == set(column(opened, "verdicts", "problem"))
        assert set(column(opened, "inapplicable", "reason")) == {shown}
        assert set(column(opened, "claims", "measured")) == {shown} == set(column(opened, "broken", "reason"))
        assert opened.locator("img").count() == 0
        assert opened.locator("script").count() == 3
        figure = opened.locator("#figure-evil")
        figure.scroll_into_view_if_needed()
        figure.locator("canvas").wait_for()
        assert figure.locator("h3").inner_text() == EVIL == figure.locator("h4").inner_text()
        assert figure.locator(".legend button").inner_text().strip() == EVIL
        assert figure.locator("svg desc").text_content() == EVIL
        controls(opened, "verdicts").get_by_label("problem").select_option(EVIL)
        assert EVIL in opened.locator("#not-as-expected + ul li").first.inner_text()


# ---- Charts


def seen(host):
    return json.loads(host.get_attribute("data-seen"))


@pytest.fixture
def charted(shown):
    """The first panel of a chart, drawn, and where its canvas is."""
    host = shown.locator("#figure-step-sizes .panel").first
    shown.locator("#figure-step-sizes").scroll_into_view_if_needed()
    host.locator(".u-over").wait_for()
    return host


def _drag(opened, over, start, end):
    box = over.bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    opened.mouse.move(*at[0])
    opened.mouse.down()
    opened.mouse.move(*at[1], steps=4)
    opened.mouse.up()


def test_a_drag_zooms_and_reset_goes_back(shown, charted):
    home, over = seen(charted), charted.locator(".u-over")
    assert home[0][0] == 0 and home[0][1] >= 1000 and home[1][0] < 1e-14
    over.scroll_into_view_if_needed()
    for way in ("button", "double click"):
        _drag(shown, over, (0.2, 0.2), (0.6, 0.7))
        shown.wait_for_function("([host, home]) => host.dataset.seen !== home",
                                arg=[charted.element_handle(), json.dumps(home, separators=(",", ":"))])  # fmt: skip
        (left, right), (low, high) = seen(charted)
        assert home[0][0] < left < right < home[0][1] and home[1][0] < low < high < home[1][1]
        assert left == pytest.approx(0.2 * home[0][1], rel=0.05) and right == pytest.approx(0.6 * home[0][1], rel=0.05)
        if way == "button":
            charted.get_by_role("button", name="Reset").press("Enter")
        else:
            over.dblclick()
        shown.wait_for_function("([host, home]) => host.dataset.seen === home",
                                arg=[charted.element_handle(), json.dumps(home, separators=(",", ":"))])  # fmt: skip


def test_buttons_zoom_too(shown, charted):
    home = seen(charted)
    charted.get_by_role("button", name="Zoom in").press("Space")
    shown.wait_for_timeout(100)
    (left, right), (low, high) = seen(charted)
    assert right - left == pytest.approx((home[0][1] - home[0][0]) / 2)
    assert np.log(high / low) == pytest.approx(np.log(home[1][1] / home[1][0]) / 2)
    charted.get_by_role("button", name="Zoom out").press("Space")
    shown.wait_for_timeout(100)
    assert np.allclose(seen(charted), home)


def test_the_legend_says_the_values_under_the_cursor(shown, charted):
    over = charted.locator(".u-over")
    over.scroll_into_view_if_needed()
    over.hover()
    button = charted.get_by_role("button", name="the lecture's")
    value = float(button.locator("b").inner_text().replace("−", "-"))
    k = float(re.search(r"k = (\d+)", charted.inner_text())[1])
    assert value == pytest.approx((1 - 2 * 0.01) ** (2 * k), rel=0.25)
    assert button.get_attribute("aria-pressed") == "true"
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"


def test_the_chart_gives_way_to_the_picture(shown, charted):
    figure = shown.locator("#figure-step-sizes")
    toggle = figure.get_by_role("button", name="Interactive chart")
    assert toggle.get_attribute("aria-pressed") == "true" and not figure.locator(".picture").is_visible()
    toggle.press("Enter")
    assert toggle.get_attribute("aria-pressed") == "false"
    assert figure.locator(".picture").is_visible() and not charted.is_visible()
    charts = shown.locator("figure[data-chart]").count()
    assert 6 <= charts < shown.locator("figure").count()


def test_runs_stand_side_by_side(shown, record):
    explorer = shown.locator(".explorer")
    explorer.scroll_into_view_if_needed()
    explorer.locator("canvas").wait_for()
    boxes = shown.locator("#runs input[type=checkbox]")
    assert boxes.count() == len(record.rows.runs)
    explorer.get_by_role("button", name="No curves").click()
    assert explorer.locator(".legend li").count() == 0 and explorer.locator("canvas").count() == 0
    for name in ("nesterov on damping", "gradient_descent on damping"):
        shown.get_by_role("checkbox", name=f"Curve of {name}", exact=True).check()
    assert explorer.locator(".legend li").count() == 2 and explorer.locator("canvas").count() == 1
    host = explorer.locator(".chart")
    shown.wait_for_function("(host) => JSON.parse(host.dataset.seen)[0][1] >= 1000", arg=host.element_handle())
    explorer.get_by_role("button", name="Logarithmic k").click()
    shown.wait_for_function("(host) => JSON.parse(host.dataset.seen)[0][0] === 0", arg=host.element_handle())


# ---- Themes


CONTRAST = """(selector) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const light = (color) => {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((one) => one / 255)
            .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
    return found.filter((_, i) => i % Math.ceil(found.length / 300) === 0).map((one) => {
        const own = getComputedStyle(one);
        let under = one;
        while (getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)") under = under.parentElement;
        const ink = one instanceof SVGElement ? own.fill : own.color;
        const [dark, pale] = [light(ink), light(getComputedStyle(under).backgroundColor)].sort((a, b) => a - b);
        return (pale + 0.05) / (dark + 0.05);
    });
}"""
TEXTS = (
    *("header p", "a", "h2", "figcaption", "caption", "td", "tbody th", "thead button", "summary", "footer p"),
    *(".controls label", ".controls p", ".controls button", ".controls select", ".theme", ".legend button"),
    *("tbody [class]", "figure svg text"),
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser, address, theme):
    with view(browser, address, color_scheme=theme) as opened:
        opened.locator("#figure-step-sizes").scroll_into_view_if_needed()
        opened.locator("#figure-step-sizes .legend").first.wait_for()
        opened.locator("#figure-step-sizes").get_by_role("button", name="Interactive chart").click()
        for selector in TEXTS:
            found = opened.evaluate(CONTRAST, selector)
            assert found and min(found) >= SMALLEST_CONTRAST, selector


INK = """() => ["body", "figure svg path", "figure svg text", "#claims td", "button"].map((selector) => {
    const style = getComputedStyle(document.querySelector(selector));
    return selector.includes("svg") ? style.fill : style.backgroundColor + style.color;
})"""
BLUE = """(canvas) => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--blue)";
    const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) count += data[i] === r && data[i + 1] === g && data[i + 2] === b;
    return [[r, g, b].join(), count];
}"""


MARKS = """() => Object.fromEntries(["attained", "holds", "violated", "unresolvable", "not-applicable"].map((one) =>
    [one, getComputedStyle(document.querySelector(`#outcomes .${one}`), "::before").backgroundColor]))"""


def test_the_marks_of_outcomes_differ_by_how_good_they_are(shown):
    marks = shown.evaluate(MARKS)
    assert len({marks[one] for one in ("attained", "holds", "violated", "unresolvable")}) == 4
    assert marks["unresolvable"] == marks["not-applicable"]


def test_dark_colours_reach_everything_and_are_remembered(shown, charted):
    toggle = shown.get_by_role("button", name="Dark colours")
    assert toggle.get_attribute("aria-pressed") == "false"
    light, (blue, count) = shown.evaluate(INK), charted.locator("canvas").evaluate(BLUE)
    assert count > 20
    toggle.press("Space")
    assert toggle.get_attribute("aria-pressed") == "true"
    dark, (other_blue, count) = shown.evaluate(INK), charted.locator("canvas").evaluate(BLUE)
    assert all(a != b for a, b in zip(light, dark, strict=True))
    assert other_blue != blue and count > 20
    shown.reload()
    assert shown.evaluate(INK) == dark and toggle.get_attribute("aria-pressed") == "true"
    toggle.click()
    assert shown.evaluate(INK) == light


def test_the_system_asks_for_dark_colours(browser, address):
    with view(browser, address, color_scheme="dark") as opened:
        dark = opened.evaluate(INK)
        assert opened.get_by_role("button", name="Dark colours").get_attribute("aria-pressed") == "true"
        opened.emulate_media(color_scheme="light")
        opened.wait_for_function("document.querySelector('.theme').ariaPressed === 'false'")
        assert all(a != b for a, b in zip(opened.evaluate(INK), dark, strict=True))


def test_without_scripts_the_theme_is_the_systems(browser, address):
    inks = []
    for theme in ("light", "dark"):
        with view(browser, address, color_scheme=theme, java_script_enabled=False) as opened:
            inks.append(opened.evaluate("['body', 'svg path'].map((one) => { const style = "
                                        "getComputedStyle(document.querySelector(one)); "
                                        "return one === 'body' ? style.backgroundColor : style.fill; })"))  # fmt: skip
    assert all(a != b for a, b in zip(*inks, strict=True))


def test_a_page_without_storage_still_works(browser, address):
    refuse = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })"
    with view(browser, address, before=refuse) as opened:
        before = opened.evaluate(INK)
        opened.get_by_role("button", name="Dark colours").click()
        assert all(a != b for a, b in zip(opened.evaluate(INK), before, strict=True))


# ---- Print, keyboard, structure, width


def test_print_is_light_whole_and_without_controls(browser, address, record):
    with view(browser, address, color_scheme="dark") as opened:
        for table in ("verdicts", "inapplicable"):
            controls(opened, table).get_by_label("Filter").fill("rosenbrock")
        opened.emulate_media(media="print")
        for selector in ("button:not(thead button)", "input", "select", ".controls", ".chart", "nav"):
            assert opened.locator(selector).count() and not any(opened.evaluate(SEEN, selector)), selector
        judged = column(opened, "verdicts", "theorem", visible=True)
        others = column(opened, "inapplicable", "verdicts", visible=True)
        assert len(judged) + sum(map(int, others)) == len(record.rows.verdicts)
        pictures = opened.locator(".picture svg")
        assert all(pictures.nth(i).is_visible() for i in range(pictures.count()))
        head = opened.evaluate("getComputedStyle(document.querySelector('#verdicts thead')).display")
        ground = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        whole = opened.evaluate("getComputedStyle(document.querySelector('figure')).breakInside")
        assert (head, ground, whole) == ("table-header-group", "rgb(255, 255, 255)", "avoid")
        assert (
            opened.evaluate("getComputedStyle(document.querySelector('#claims').parentElement).overflowY") == "visible"
        )


FOCUSED = """() => {
    const one = document.activeElement;
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const label = one.labels?.[0]?.firstChild ?? document.getElementById(one.getAttribute("aria-labelledby")) ?? one;
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return [one.ariaLabel ?? label.textContent.trim(), outlined && box.height > 0 && box.bottom > 0];
}"""


def test_tab_reaches_the_controls_in_order_and_shows_where_it_is(shown):
    names = []
    for _ in range(25):
        shown.keyboard.press("Tab")
        name, visible = shown.evaluate(FOCUSED)
        assert visible, name
        names.append(name)
    assert names == [
        *("Skip to the report", "Dark colours", "Markdown", "metrics.csv"),
        *("Claims", "Figures", "Outcomes", "Broken off", "Runs", "Theorems", "Verdicts", "Not applicable"),
        *(
            "Filter",
            "section",
            "status",
            "Clear",
            "What the lecture says, and what was measured",
            "section",
            "the lecture says",
            "measured",
            "status",
        ),
        *names[21:],
    ]
    assert "Interactive chart" in names[21:]
    assert shown.evaluate("[...document.querySelectorAll('[tabindex]')].every((one) => one.tabIndex <= 0)")


def test_the_skip_link_leads_to_the_report(shown):
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert shown.url.endswith("#content") and shown.evaluate("document.querySelector('main').id") == "content"
    shown.keyboard.press("Tab")
    assert shown.evaluate(FOCUSED)[0] == "Filter"


STRUCTURE = """() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const ids = all("[id]").map((one) => one.id);
    const texts = (names) => (names ?? "").split(" ").map((id) => document.getElementById(id)?.textContent).join("");
    const named = (one) => one.ariaLabel || texts(one.getAttribute("aria-labelledby"));
    const links = all('a[href^="#"]').map((one) => one.hash.slice(1));
    const bare = (table) => !table.caption?.textContent
        || [...table.querySelectorAll("th")].some((head) => !head.scope)
        || [...table.tBodies[0].rows].some((row) => !row.querySelector("th[scope=row]"));
    const unnamed = all("[role=img], section, nav, [role=group]").filter((one) => !named(one));
    return {
        repeated: ids.filter((id, i) => ids.indexOf(id) !== i),
        dangling: links.filter((id) => !document.getElementById(id)),
        levels: all("h1, h2, h3, h4, h5, h6").map((one) => +one.tagName[1]),
        tables: all("table").filter(bare).map((one) => one.id),
        unnamed: unnamed.map((one) => one.outerHTML.slice(0, 80)),
        unlabelled: all("input, select").filter((one) => !one.labels.length && !one.ariaLabel).length,
        landmarks: ["header", "nav", "main", "footer"].map((one) => all(`body > ${one}`).length),
        images: all("[role=img]").length,
        lang: document.documentElement.lang,
        title: document.title,
    };
}"""


@pytest.mark.parametrize("scripts", [True, False])
def test_structure(browser, address, scripts):
    with view(browser, address, java_script_enabled=scripts) as opened:
        if scripts:
            opened.locator(".explorer").scroll_into_view_if_needed()
            opened.locator(".explorer canvas").wait_for()
        found = opened.evaluate(STRUCTURE)
    for fault in ("repeated", "dangling", "tables", "unnamed"):
        assert found[fault] == [], fault
    levels = found["levels"]
    assert levels[0] == 1 and levels.count(1) == 1 and all(after <= before + 1 for before, after in pairwise(levels))
    assert found["unlabelled"] == 0 and found["landmarks"] == [1, 1, 1, 1] and found["images"] > 8
    assert found["lang"] == "en" and "gdbench" in found["title"]


CUT = """() => [...document.querySelectorAll(".scroll")].filter((box) => {
    const [inner, outer] = [box.firstElementChild, box].map((one) => one.getBoundingClientRect().right);
    return box.checkVisibility() && inner > outer + 1 && getComputedStyle(box).overflowX !== "auto";
}).map((box) => box.outerHTML.slice(0, 99))"""


def test_no_table_is_cut_off(shown):
    """A box either scrolls or holds all of its table."""
    for width in (360, 800, 1300, 1536, 1600, 2400):
        shown.set_viewport_size({"width": width, "height": 900})
        assert shown.evaluate(CUT) == [], width


def test_a_phone_scrolls_tables_and_not_the_page(browser, address):
    with view(browser, address, width=360) as opened:
        for place in ("#the-claims", "#figure-tightness", "#the-runs", "#the-verdicts", "#not-applicable"):
            opened.locator(place).evaluate("(one) => one.scrollIntoView()")
            assert opened.evaluate("document.scrollingElement.scrollWidth") <= 360, place
        box = opened.locator("#verdicts").locator("xpath=..")
        opened.wait_for_function("(box) => box.tabIndex === 0", arg=box.element_handle())
        assert box.evaluate("(one) => one.scrollWidth > one.clientWidth && getComputedStyle(one).overflowX === 'auto'")
        box.focus()
        assert opened.evaluate(FOCUSED)[1]
