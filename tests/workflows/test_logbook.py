"""What a run's table of settings shows."""

from pipeline.learning.recipes import load_recipe
from pipeline.workflows.logbook import LONGEST, in_a_cell


def test_a_setting_as_long_as_a_list_of_patterns_is_shown_by_its_hash():
    from tiny import ROOT

    patterns = load_recipe(ROOT / "models" / "rules.yaml").described["learner"]["labels"]
    shown = in_a_cell(patterns)
    assert len(str(patterns)) > LONGEST > len(shown) and "recipe.yaml" in shown
    changed = {**patterns, "more": "x"}
    assert in_a_cell(changed) != shown and in_a_cell(0.5) == 0.5
