"""A run's overview in a browser: it asks for nothing, axe finds nothing serious, and it fits every window."""

from pathlib import Path

import pytest
from browser.chromium import NARROW, WIDE
from browser.judging_pages import grave_findings, is_alone, overflow
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def overview(lab, tmp_path_factory) -> Path:
    """Fetch the overview that a run carries."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("overview")
    return Path(MlflowClient(lab.uri).download_artifacts(lab.runs["tfidf"], "overview.html", str(folder)))


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")])
def test_it_stands_by_itself_and_everyone_can_read_it(visitor, overview, size, scheme):
    with visitor.visit(size, color_scheme=scheme) as visit:
        page = visit.page
        page.goto(overview.as_uri())
        expect(page.get_by_role("heading", level=1)).to_contain_text("tfidf")
        for folded in page.locator("summary").all():
            folded.click()
        assert page.locator("img:not([alt])").count() == 0
        assert grave_findings(visit) == []
        assert overflow(visit) <= 0
        assert visit.complaints == [] and is_alone(visit, overview), (visit.complaints, visit.requests)
