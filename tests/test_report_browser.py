"""The report in a real browser: headless Chromium, at the widths of a desktop and of a phone."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from reporting import NAMES, hostile_lines
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

import istiolog_pd as il
from istiolog_pd.plots import PLOTS
from istiolog_pd.report import write_report

mpl.use("Agg")

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
)
DESKTOP, PHONE = 1280, 390
#: The plots that show names of the log, and one of many marks.
DRAWN = ("pushes", "triggers", "errors", "endpoint_churn", "sidecar_savings")


def program(*names: str) -> str:
    """Where a program is; without it these tests fail and say what to install."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.fail(f"these tests need a browser: no {names[0]} on PATH (apt-get install chromium chromium-driver)")


@dataclass
class Browser:
    """Chromium with the report open; whatever it asked for or complained of is on record."""

    driver: Chrome
    address: str

    def open(self, width: int, scheme: str = "light") -> Chrome:
        command = self.driver.execute_cdp_cmd
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        command("Emulation.setDeviceMetricsOverride", size)
        command("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.get(self.address)
        return self.driver

    def requested(self) -> set[str]:
        """What the page asked for since the last time; not what the browser asks for itself."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [one["params"] for one in events if one["method"] == "Network.requestWillBeSent"]
        return {one["request"]["url"] for one in asked if one["documentURL"] == self.address}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium, chromedriver = program("chromium", "chromium-browser", "google-chrome"), program("chromedriver")
    folder = tmp_path_factory.mktemp("page")
    log, page = folder / "istiod.log", folder / "report.html"
    log.write_text("\n".join(hostile_lines()), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("istiolog_pd.report.html.page.PLOTS", {name: PLOTS[name] for name in DRAWN})
        write_report(il.load(log), page)
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(chromedriver))
    yield Browser(driver, page.as_uri())
    driver.quit()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_it_fits_the_screen_and_asks_for_nothing(width: int, scheme: str, browser: Browser) -> None:
    driver = browser.open(width, scheme)
    driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    wide, inner = driver.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert inner == width
    assert wide <= width
    drawn = driver.execute_script("return [...document.images].map(one => one.complete && one.naturalWidth)")
    # and the entries about the proxy that rejected an update
    assert len(drawn) == len(DRAWN) + 1 and all(drawn)
    assert driver.get_log("browser") == []
    assert {url for url in browser.requested() if not url.startswith("data:")} == {browser.address}


def test_no_name_and_no_error_text_is_more_than_text(browser: Browser) -> None:
    driver = browser.open(DESKTOP)
    assert driver.execute_script("return window.owned === undefined")
    assert (
        driver.execute_script("return document.querySelectorAll('script, iframe, object, svg, article img').length")
        == 0
    )
    driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    shown = driver.find_element(By.TAG_NAME, "body").text
    assert [name for name in (*NAMES[:4], NAMES[5]) if name not in shown] == []
    assert "{{config}}" in shown and "\\x1b[31m" in shown and "\\u202e" in shown and "\u202e" not in shown


#: The lowest contrast (WCAG) of any text that is seen to the first color behind it.
CONTRAST = """
const rgb = text => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
const behind = one => {
  for (; one; one = one.parentElement) {
    const color = rgb(getComputedStyle(one).backgroundColor);
    if (color.length < 4 || color[3] > 0) return color;
  }
  return [255, 255, 255];
};
const seen = [...document.querySelectorAll('body *')].filter(one =>
  [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
return Math.min(...seen.map(one => {
  const pair = [light(rgb(getComputedStyle(one).color)), light(behind(one))].sort((a, b) => b - a);
  return (pair[0] + 0.05) / (pair[1] + 0.05);
}));
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read_in_both_schemes(scheme: str, browser: Browser) -> None:
    driver = browser.open(DESKTOP, scheme)
    paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 29)"}[scheme]
    turned = driver.execute_script("return getComputedStyle(document.querySelector('img.plot')).filter")
    assert turned.startswith("invert") is (scheme == "dark")
    assert driver.execute_script(CONTRAST) >= 4.5


def test_it_can_be_read_by_keyboard(browser: Browser) -> None:
    """What is wider than the screen scrolls in a region that has a name; the browser lets the keyboard stop there."""
    driver = browser.open(PHONE)
    regions: list[Any] = driver.execute_script(
        "return [...document.querySelectorAll('.scroll')].map(one => [one.role, one.getAttribute('aria-label')])"
    )
    assert len(regions) > 10
    assert all(role == "region" and label for role, label in regions)
    assert driver.execute_script("return document.querySelectorAll('[tabindex]').length") == 0
    assert (
        driver.execute_script(
            "return [...document.querySelectorAll('body *')].filter(one => getComputedStyle(one).overflowX === 'auto' "
            "&& !one.matches('.scroll')).length"
        )
        == 0
    )


def test_it_prints_on_paper(browser: Browser, tmp_path: Path) -> None:
    driver = browser.open(DESKTOP, "dark")
    printed = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
    assert printed.startswith(b"%PDF-")
    assert 3 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 60
    paper = {"width": 718, "height": 1000, "deviceScaleFactor": 1, "mobile": False}  # A4 within its margins
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", paper)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 718
    assert driver.execute_script("return getComputedStyle(document.querySelector('nav')).display") == "none"
    assert driver.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def interactive(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """The same browser with an interactive page of a log with names that are markup."""
    folder = tmp_path_factory.mktemp("interactive")
    (folder / "istiod.log").write_text("\n".join(hostile_lines()), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("istiolog_pd.report.html.page.PLOTS", {"pushes": PLOTS["pushes"]})
        write_report(il.load(folder / "istiod.log"), folder / "report.html", interactive=True)
    return Browser(browser.driver, (folder / "report.html").as_uri())


#: The texts of a column of the table behind the plot, without hidden rows.
CELLS = """const table = document.querySelector("#plot-pushes table");
const at = [...table.tHead.rows[0].cells].findIndex((head) => head.textContent === arguments[0]);
return [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[at].textContent)"""
PRESS = """[...document.querySelectorAll("#plot-pushes th button")].find((one) => one.textContent === arguments[0]).click()"""


def test_tables_of_an_interactive_page_sort_and_search(interactive: Browser) -> None:
    driver = interactive.open(DESKTOP)
    driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    lines = [int(text.replace(",", "")) for text in driver.execute_script(CELLS, "line")]
    assert len(lines) > 2
    for order in (sorted(lines), sorted(lines, reverse=True)):
        driver.execute_script(PRESS, "line")
        assert [int(text.replace(",", "")) for text in driver.execute_script(CELLS, "line")] == order
    types = driver.execute_script(CELLS, "xds_type")
    driver.find_element(By.CSS_SELECTOR, "#plot-pushes input[type=search]").send_keys(types[0])
    found = driver.execute_script(CELLS, "xds_type")
    assert 0 < len(found) <= len(types)
    assert driver.find_element(By.CSS_SELECTOR, "#plot-pushes [role=status]").text.startswith(
        f" {len(found)} of".strip()
    )


def test_an_interactive_page_asks_for_nothing_and_runs_its_own_script_alone(interactive: Browser) -> None:
    driver = interactive.open(DESKTOP)
    assert {url for url in interactive.requested() if not url.startswith("data:")} == {interactive.address}
    assert driver.execute_script("return window.owned === undefined")
    assert driver.execute_script("return document.scripts.length") == 1
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_plot_of_an_interactive_page_zooms(interactive: Browser) -> None:
    driver = interactive.open(DESKTOP)
    width = "return document.querySelector('#plot-pushes img').getBoundingClientRect().width"
    before = driver.execute_script(width)
    driver.find_element(By.CSS_SELECTOR, "#plot-pushes button[aria-label^='zoom in']").click()
    assert driver.execute_script(width) > 1.2 * before
    assert driver.execute_script("return document.documentElement.scrollWidth") <= DESKTOP
