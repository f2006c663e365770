"""What every page of ours must be: silent, asking for nothing but itself, and free of serious axe findings."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from browser.chromium import Visit

GRAVE = ("serious", "critical")


def is_alone(visit: Visit, page: Path) -> bool:
    """Tell whether a page asked for itself alone."""
    return set(visit.requests) == {page.as_uri()} and visit.escaped == []


def grave_findings(visit: Visit, part: str | None = None) -> list[str]:
    """Run axe-core with all its rules; give each serious or critical finding with the places it was found at."""
    found_at = {"resultTypes": ["violations", "passes"]}
    results = Axe().run(visit.page, context=part, options=found_at).response
    assert len(results["passes"]) > 5, "axe looked at nothing"
    return [
        f"{found['id']} ({found['impact']}): {[node['target'] for node in found['nodes'][:5]]}"
        for found in results["violations"]
        if found["impact"] in GRAVE
    ]


def overflow(visit: Visit) -> int:
    """Measure how far the page is wider than its window."""
    return int(visit.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
