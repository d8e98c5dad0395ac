"""A real JupyterLab in a real browser.

Notebook 01, the tutorial, runs without an error, its tables fit the window and its plots have alternative texts;
notebook 02: brush, and see plot and table change.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from expected import INFO
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[1]
SECONDS = 60
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage --disable-gpu --window-size=1300,1000"

#: A small log for the section that is not looked at here.
DEBUG, SMALL = "istiod-1.30.3/discovery-debug.log.gz", "seed/pilot.log"

#: Cells outside the view are there too, so that the test finds them without scrolling.
ALL_CELLS = '{"windowingMode": "none"}'


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that has nothing to do with the user's own."""
    home = tmp_path_factory.mktemp("lab")
    notebooks = home / "work" / "notebooks"
    notebooks.mkdir(parents=True)
    for name in ("01_first_look.ipynb", "02_pushes.ipynb"):
        kept = (ROOT / "notebooks" / name).read_text(encoding="utf-8")
        (notebooks / name).write_text(kept.replace(DEBUG, SMALL), encoding="utf-8")
    (home / "work" / "data").symlink_to(ROOT / "data")
    settings = home / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(ALL_CELLS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}": str(home / name) for name in own},
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    options = f"--no-browser --allow-root --ServerApp.ip=127.0.0.1 --ServerApp.port={port} --ServerApp.port_retries=0"
    command = [sys.executable, "-m", "jupyterlab", *options.split(), "--IdentityProvider.token="]
    command += [f"--ServerApp.root_dir={home / 'work'}", "--LabApp.news_url=", "--LabApp.extension_manager=readonly"]
    with open(home / "log", "wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        _answers(f"{address}/api", server, home / "log")
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)


def _answers(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert server.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    options = ChromeOptions()
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or ""
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def waiting(browser: Chrome) -> WebDriverWait[Chrome]:
    """A wait that outlives elements which the page replaces meanwhile."""
    return WebDriverWait(browser, SECONDS, 0.1, ignored_exceptions=[StaleElementReferenceException])


def found(browser: Chrome, css: str) -> WebElement:
    """An element, as soon as it is there and seen."""

    def visible(_: Chrome) -> WebElement | None:
        return next((one for one in browser.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()), None)

    return waiting(browser).until(visible, f"no {css}")


def click(browser: Chrome, css: str, text: str) -> None:
    """Click what has this text, as soon as it is there."""

    def labeled(_: Chrome) -> WebElement | None:
        seen = browser.find_elements(By.CSS_SELECTOR, css)
        return next((one for one in seen if one.is_displayed() and one.text == text), None)

    waiting(browser).until(labeled, f"no {text}").click()


def run_all(browser: Chrome) -> None:
    """Run all cells; once more if the notebook had no kernel yet when it was told to."""

    def begun(_: Chrome) -> bool:
        prompts = browser.find_elements(By.CSS_SELECTOR, ".jp-InputPrompt")
        return any(prompt.text not in ("", "[ ]:") for prompt in prompts)

    def connected(_: Chrome) -> bool:
        return found(browser, ".jp-Toolbar-kernelName").text.startswith("Python 3")

    waiting(browser).until(connected, "no kernel")
    for _ in range(10):
        click(browser, ".lm-MenuBar-itemLabel", "Run")
        click(browser, ".lm-Menu-itemLabel", "Run All Cells")
        with suppress(TimeoutException):
            WebDriverWait(browser, 5, 0.1, ignored_exceptions=[StaleElementReferenceException]).until(begun)
            return
    raise AssertionError("no cell was run")


def state(browser: Chrome) -> tuple[str, str, str]:
    """What the explorer shows: the bounds of the brush, the picture, the table."""
    brush = found(browser, ".widget-hslider .widget-readout").text
    return brush, found(browser, "img.widget-image").get_attribute("src") or "", _table(browser).text


def _table(browser: Chrome) -> WebElement:
    return found(browser, ".jupyter-widgets .widget-html-content")


def changed(browser: Chrome, before: tuple[str, str, str]) -> tuple[str, str, str]:
    """The next state in which the picture and the table are others."""

    def other(_: Chrome) -> tuple[str, str, str] | None:
        now = state(browser)
        return now if now[1] != before[1] and now[2] != before[2] else None

    return waiting(browser).until(other, "neither plot nor table changed")


def rows(table: str) -> int:
    """How many rows the table says are chosen."""
    return int(table.split(" of ")[0].replace(",", ""))


#: Outputs with an error or with warnings; of each table of an output, how far it is wider than its place.
ERRORS = (
    ".jp-OutputArea [data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"
)
OVERFLOWS = """return [...document.querySelectorAll(".jp-OutputArea-output table")].map(table => {
    const place = table.closest(".jp-OutputArea-output");
    return place.scrollWidth - place.clientWidth;
});"""


def test_tutorial_runs_and_fits(lab: str, browser: Chrome) -> None:
    browser.set_window_size(1280, 1000)
    browser.get(f"{lab}/lab/tree/notebooks/01_first_look.ipynb")
    found(browser, ".jp-Notebook .jp-CodeCell")
    run_all(browser)

    def executed(_: Chrome) -> bool:
        prompts = [prompt.text for prompt in browser.find_elements(By.CSS_SELECTOR, ".jp-CodeCell .jp-InputPrompt")]
        return all(prompt.strip("[]: ").isdigit() for prompt in prompts)

    waiting(browser).until(executed, "cells were not run")
    assert [one.text for one in browser.find_elements(By.CSS_SELECTOR, ERRORS)] == []
    plots = browser.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output img")
    assert len(plots) == 2 and all(len(plot.get_attribute("alt") or "") > 40 for plot in plots)
    overflows = browser.execute_script(OVERFLOWS)
    assert len(overflows) >= 5 and set(overflows) == {0}


def test_brush_and_pick(lab: str, browser: Chrome) -> None:
    browser.get(f"{lab}/lab/tree/notebooks/02_pushes.ipynb")
    found(browser, ".jp-Notebook .jp-CodeCell")
    run_all(browser)
    found(browser, "img.widget-image")
    whole = state(browser)
    assert rows(whole[2]) == INFO.pushes

    handle = found(browser, ".widget-hslider .noUi-handle-lower")
    width = found(browser, ".widget-hslider .noUi-base").size["width"]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
    ActionChains(browser).drag_and_drop_by_offset(handle, width // 2, 0).perform()
    brushed = changed(browser, whole)
    assert brushed[0] != whole[0]
    assert 0 < rows(brushed[2]) < rows(whole[2])

    field = found(browser, ".widget-text input")
    field.send_keys("reviews", Keys.ENTER)
    picked = changed(browser, brushed)
    assert 0 < rows(picked[2]) < rows(brushed[2])
    assert browser.find_elements(By.CSS_SELECTOR, "[data-mime-type='application/vnd.jupyter.stderr']") == []
