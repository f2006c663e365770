"""Make the README's pictures: `python tests/browser/screenshots.py` writes docs/images/ and says what it wrote.

The report is that of docs/examples/harbour-talks.md by the released model `accurate`. The comparison is MLflow's own,
of eight runs that are trained for it on labels/ (`lab.py`).
"""

import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from browser.chromium import Visitor, find_chromium, started  # noqa: E402
from browser.gate import Gate  # noqa: E402
from browser.lab import CLOSED, Lab, served, train_eight  # noqa: E402
from browser.reports import BRIEFING, write_report  # noqa: E402
from tiny import ROOT  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = ROOT / "docs" / "images"
LARGEST = 400_000  # bytes
NAMES = {"light": "", "dark": "-dark"}
PIXELS = 2  # for each pixel of the page: readable in a column of 830 and on dense screens


def keep(picture: bytes, name: str) -> None:
    """Write a picture with 256 colours at most; these pages have few."""
    from PIL import Image

    image = Image.open(BytesIO(picture)).convert("RGB")
    small = image.quantize(colors=256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    target = IMAGES / name
    target.parent.mkdir(parents=True, exist_ok=True)
    small.save(target, optimize=True)
    size = target.stat().st_size
    print(f"wrote {target.relative_to(ROOT)}: {image.width} × {image.height}, {size / 1000:.0f} kB")  # noqa: T201 - a script that says what it wrote
    if size > LARGEST:
        raise SystemExit(f"{target} is larger than {LARGEST / 1000:.0f} kB")


def show_report(visitor: Visitor, folder: Path) -> None:
    """Show the top of a briefing's report with the figures of one sentence open, light and dark."""
    page_file = write_report(folder / "harbour-talks.html", BRIEFING.relative_to(ROOT), model="--model=accurate")
    for scheme, name in NAMES.items():
        with visitor.visit((1080, 1240), device_scale_factor=PIXELS, color_scheme=scheme) as visit:
            visit.page.goto(page_file.as_uri())
            sentence = visit.page.locator(".s[data-labels='0 2']").first
            sentence.hover()
            visit.page.locator("[data-details]").first.wait_for()
            end = sentence.locator("xpath=..").bounding_box()
            clip = {"x": 0, "y": 0, "width": 1080, "height": end["y"] + end["height"] + 12}
            keep(visit.page.screenshot(clip=clip), f"report{name}.png")


def show_runs(visitor: Visitor, lab: Lab) -> None:
    """Show MLflow's own pages of the eight runs: the list in the saved view, and the comparison."""
    from mlflow import MlflowClient

    [experiment] = {MlflowClient(lab.uri).get_run(run).info.experiment_id for run in lab.runs.values()}
    with (
        Gate() as gate,
        served(lab.root, gate) as address,
        visitor.visit((1040, 1000), device_scale_factor=PIXELS) as visit,
    ):
        page = visit.page
        page.add_init_script(CLOSED)
        page.goto(f"{address}/#/experiments/{experiment}/runs?viewStateShareKey=figures")
        page.get_by_role("button", name="Exit shared view").wait_for()
        page.get_by_role("alert").get_by_role("button").last.click()  # closes the note about saved views
        page.locator("button:has(svg)").first.click()  # folds the side bar
        last = page.get_by_role("link", name="prior seed 7", exact=True)
        page.wait_for_timeout(1500)  # columns find their widths
        keep(cut(page, last.bounding_box()["y"] + 40), "runs.png")
        runs = "[" + ",".join(f'"{run}"' for run in lab.runs.values()) + "]"
        page.goto(f'{address}/#/compare-runs?runs={runs}&experiments=["{experiment}"]')
        page.get_by_role("button", name="Clear All").click()
        choose(page, "Parameters:", ["learner.kind"])
        choose(page, "Metrics:", ["f1_optimism", "f1_caution", "f1_recommendation", "macro_f1"])
        page.get_by_role("heading", name="Comparing").click()
        page.wait_for_timeout(1500)  # the plot is drawn anew
        keep(cut(page, page.get_by_text("Start Time:").bounding_box()["y"] - 12), "compare.png")


def cut(page: "Page", height: float) -> bytes:
    """Photograph the page down to a height, without MLflow's folded side bar."""
    return page.screenshot(clip={"x": 48, "y": 0, "width": 992, "height": height})


def choose(page: "Page", label: str, names: list[str]) -> None:
    """Pick axes of the plot in one of MLflow's two lists."""
    box = page.get_by_text(label, exact=True).locator("xpath=following::input[1]")
    for name in names:
        box.click()
        box.fill(name)
        page.get_by_title(name, exact=True).last.click()
    page.keyboard.press("Escape")


def main() -> None:
    """Make all pictures."""
    path = find_chromium()
    if path is None:
        raise SystemExit("no Chromium here (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder, started(path) as visitor:
        show_report(visitor, Path(folder))
        lab = train_eight(Path(folder) / "lab")
        show_runs(visitor, lab)


if __name__ == "__main__":
    main()
