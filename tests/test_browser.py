"""The pages in a real browser: on a desk, on a phone, in the dark and on paper."""

import html as text_of_html
import json
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import pytest

from mammoflow.evaluation import table1
from mammoflow.pages import html, sections
from tests.page_values import REPORT, make_label_page, make_private_page, make_values
from tests.test_cohort_page import make_page
from tests.test_plots import PUBLISHED, ROOT, SETTINGS, make_metrics
from tests.test_zero_shot_page import make_zero_shot_page

AXE = ROOT / "node_modules/axe-core/axe.min.js"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
DARK = "--blink-settings=preferredColorScheme=0"
DESK, PHONE = (1280, 900), (390, 844)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: make test-tools")
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: make test-tools")

MEASURE = """
async () => {
  const images = [...document.images];
  if (document.readyState !== "complete") await new Promise((go) => addEventListener("load", go));
  const spread = (image) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 64, 64);
    const pixels = context.getImageData(0, 0, 64, 64).data.filter((_, i) => i % 4 === 1);
    return Math.max(...pixels) - Math.min(...pixels);
  };
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const inside = (element) => element.closest(".scroll, pre, .skip");
  const wide = [...document.body.querySelectorAll("*")].filter(
    (one) => !inside(one) && one.getBoundingClientRect().right > innerWidth + 1);
  return {
    width: innerWidth,
    scrolled: document.documentElement.scrollWidth,
    wide: wide.map((one) => one.outerHTML.slice(0, 80)),
    images: images.map((image) => [image.naturalWidth, spread(image)]),
    rows: [...document.querySelectorAll("tbody")].map((body) => body.rows.length),
    regions: [...document.querySelectorAll(".scroll")].map(
      (one) => [one.getAttribute("aria-label"), one.tabIndex, one.scrollWidth, one.clientWidth]),
    ids: [...document.querySelectorAll("[id]")].map((one) => one.id),
    links: [...document.querySelectorAll("a")].map((one) => one.getAttribute("href")),
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    ground: getComputedStyle(document.body).backgroundColor,
  };
}
"""

# Clicks on the second column's head of a table, three times.
SORT = """
async () => {
  const table = [...document.querySelectorAll("table.sortable")].find((one) => one.caption.textContent.includes(TABLE));
  const head = table.tHead.rows[0].cells[COLUMN];
  const state = () => [head.getAttribute("aria-sort"),
    [...table.tBodies[0].rows].map((row) => row.cells[COLUMN].textContent.trim())];
  const states = [state()];
  for (let click = 0; click < 3; click += 1) {
    head.querySelector("button").click();
    states.push(state());
  }
  return states;
}
"""

ACCESSIBLE = """
async () => {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact)).map(
    (one) => [one.id, one.nodes.length, one.nodes[0].html.slice(0, 200), one.nodes[0].failureSummary]);
}
"""


def chromium(folder, *arguments):
    """Run Chromium with a profile of its own and give what it prints."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    shutil.rmtree(folder / "profile", ignore_errors=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def ask(page, function, folder, *, size=DESK, flags=(), library=""):
    """What a JavaScript function says of a page in a window of this size.

    The page stands in a frame, because Chromium has no window as narrow as a phone.
    """
    tell = f"<script>({function})().then((said) => parent.tell(said), (error) => parent.tell(String(error)))</script>"
    (folder / "page.html").write_text(page.replace("</body>", f"<script>{library}</script>{tell}</body>"))
    frame = text_of_html.escape((folder / "page.html").read_text())
    (folder / "frame.html").write_text(
        "<!DOCTYPE html><meta charset=utf-8><body style='margin:0'><pre id=said></pre><script>"
        "function tell(said) { document.getElementById('said').textContent = JSON.stringify(said); }</script>"
        f'<iframe style="border:0;width:{size[0]}px;height:{size[1]}px" srcdoc="{frame}"></iframe>'
    )
    window = f"--window-size={max(size[0], 800)},{size[1]}"
    dom = chromium(folder, window, *flags, "--virtual-time-budget=60000", "--dump-dom", folder / "frame.html")
    said = re.search(r'<pre id="said">(.+?)</pre>', dom, re.DOTALL)
    assert said, "the page did not answer"
    return json.loads(text_of_html.unescape(said[1]))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    values = make_values(tmp_path_factory.mktemp("figures"))
    # As many experiments and as long names as in the shipped configuration.
    many = {f"histogram_device_{i}": SETTINGS["convnext"] for i in range(3)} | SETTINGS
    metrics = make_metrics()
    frame = table1.make({name: metrics.get(name, metrics["convnext"]) for name in many}, many, PUBLISHED)
    values |= {"table1": sections.main_table(frame, table1.notes(many, PUBLISHED))}
    return {
        "report": html.render(REPORT, **values),
        "private": make_private_page(),
        "labels": make_label_page(),
        "cohort": make_page(),
        "zero_shot": make_zero_shot_page(tmp_path_factory.mktemp("similarity")),
    }


@pytest.mark.parametrize("name", ["report", "private", "labels", "cohort", "zero_shot"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_fits_its_window_and_is_whole(pages, name, size, tmp_path):
    said = ask(pages[name], MEASURE, tmp_path, size=size)
    assert said["width"] == size[0]
    assert said["scrolled"] <= said["width"]
    assert said["wide"] == []
    assert len(said["images"]) == {"report": 15, "zero_shot": 1}.get(name, 0)
    assert all(width > 0 and spread > 20 for width, spread in said["images"])
    assert said["rows"]
    assert min(said["rows"]) > 0
    assert all(label and tab_index == 0 for label, tab_index, *_ in said["regions"])
    assert len(set(said["ids"])) == len(said["ids"])
    here = {link.removeprefix("#") for link in said["links"] if link.startswith("#")}
    assert here <= set(said["ids"])
    assert {link.partition("#")[0] for link in said["links"]} <= {"", "report.html", "zero_shot.html"}


def test_table1_is_not_cut_on_a_desk(pages, tmp_path):
    regions = ask(pages["report"], MEASURE, tmp_path)["regions"]
    (table,) = [region for region in regions if region[0].startswith("Table I.")]
    assert table[2] <= table[3]


@pytest.mark.parametrize(
    ("table", "column", "key"),
    [("by subset and class", 4, float), ("Test set by level", 5, lambda text: float(text.split()[0])), ("Exp", 0, str)],
    ids=["counts", "measures", "names"],
)
def test_a_click_on_a_head_sorts(pages, table, column, key, tmp_path):
    function = SORT.replace("TABLE", json.dumps(table)).replace("COLUMN", str(column))
    (_, before), (up, ascending), (down, descending), (none, after) = ask(pages["report"], function, tmp_path)
    assert (up, down, none) == ("ascending", "descending", None)
    assert ascending == sorted(before, key=key)
    assert [key(cell) for cell in descending] == sorted(map(key, before), reverse=True)
    assert ascending != descending
    assert after == before


@needs_axe
@pytest.mark.parametrize(
    ("name", "flags"),
    [(name, flags) for name in ("report", "private", "zero_shot") for flags in ([], [DARK])]
    + [("labels", []), ("cohort", [])],
)
def test_axe_finds_nothing_serious(pages, name, flags, tmp_path):
    assert ask(pages[name], ACCESSIBLE, tmp_path, flags=flags, library=AXE.read_text()) == []


@pytest.mark.parametrize("name", ["report", "private"])
def test_statements_differ_without_colour(pages, name, tmp_path):
    function = """async () => Object.fromEntries([...document.querySelectorAll("article mark")].map((one) => {
      const style = getComputedStyle(one);
      return [one.className, [style.borderBottomStyle, style.fontWeight, style.fontStyle].join(" ")];
    }))"""
    looks = ask(pages[name], function, tmp_path)
    assert set(looks) == {"counted", "unclear", "rejected"}
    assert len(set(looks.values())) == 3


def test_dark_page_is_dark(pages, tmp_path):
    said = ask(pages["report"], MEASURE, tmp_path, flags=[DARK])
    assert said["dark"]
    assert max(map(int, re.findall(r"\d+", said["ground"]))) < 60


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="needs pdftoppm and pdftotext: make test-tools")
@pytest.mark.parametrize("name", ["report", "private", "labels", "cohort", "zero_shot"])
def test_paper_holds_everything(pages, name, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(pages[name])
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}", page)
    subprocess.run(["pdftoppm", "-r", "40", "-png", tmp_path / "page.pdf", tmp_path / "sheet"], check=True)
    sheets = sorted(tmp_path.glob("sheet*.png"))
    assert sheets
    for sheet in sheets:
        pixels = cv2.imread(str(sheet))
        assert pixels.shape[1] > pixels.shape[0]
        # Nothing runs into the margins of 12 mm, of which 16 of 18 pixels are looked at.
        assert pixels[:, :16].min() == pixels[:, -16:].min() == 255, Path(sheet).name
    said = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True).stdout
    # What is folded on the screen is open on paper.
    assert ("Izquierda tipo C" if name == "private" else "task: density") in said
