"""The behavioural suite refuses every claim that is malformed or contradicts the codebook, the labels or itself."""

import shutil

import pytest
import yaml
from tiny import ROOT, tiny_sentences, write_labels

from pipeline.corpus.cases import check_against, load_suite, read_rulings
from pipeline.corpus.claims import KINDS, Directional, Invariant, Minimum
from pipeline.corpus.load import load_corpus
from pipeline.ground.codebook import load_codebook
from pipeline.ground.errors import ConfigError, LabelError

RULINGS = (
    "# Codebook\n\n| case | ruling |\n| --- | --- |\n| maxim (*War is war*) | none |\n| own *threat* | none |\n\nend\n"
)
MINIMUM = {"id": "m-1", "text": "The fleet sails at dawn.", "has": ["hawk"], "lacks": ["dove"]}
INVARIANT = {"id": "i-1", "text": "Peru sent two envoys.", "swap": {"Peru": ["Chile", "Ghana"], "two": ["six", "ten"]}}
DIRECTIONAL = {"id": "d-1", "text": "They met.", "changed": "They struck.", "label": "hawk", "moves": "up", "by": 0.2}
CAPABILITIES = {
    "negation",
    "attribution",
    "modals",
    "hypotheticals",
    "quotation",
    "country_names",
    "numbers_and_dates",
    "typography",
    "length",
    "tense",
    "pledges",
    "concessions",
    "one_sided_gains",
    "maxims_and_verdicts",
}


def put(labels, name="mood", **sheet):
    """Write one file of a suite into a labels folder."""
    (labels / "behaviour").mkdir(exist_ok=True)
    whole = {"capability": name, "claim": "a claim"} | sheet
    (labels / "behaviour" / f"{name}.yaml").write_text(yaml.safe_dump(whole, sort_keys=False))
    return labels


def load(labels):
    return load_suite(labels, load_codebook(labels))


def faults(labels) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(labels)
    head, *lines = caught.value.message.split("\n")
    noun = "fault" if len(lines) == 1 else "faults"
    assert head == f"{labels / 'behaviour'}: {len(lines)} {noun}" and caught.value.hint
    return [line.removeprefix("  - ") for line in lines]


def test_a_suite_is_read_in_the_order_of_files_and_kinds(labels):
    put(labels, "b", directional=[DIRECTIONAL], minimum=[MINIMUM])
    put(labels, "a", invariant=[INVARIANT], bar=0.1)
    suite = load(labels)
    assert [case.id for _, case in suite.placed()] == ["i-1", "m-1", "d-1"]
    assert [chapter.bar for chapter in suite.chapters] == [0.1, None]
    assert suite.texts == (
        "Peru sent two envoys.",
        "Chile sent six envoys.",
        "Ghana sent ten envoys.",
        "The fleet sails at dawn.",
        "They met.",
        "They struck.",
    )


def test_white_space_is_collapsed_and_a_sentence_is_listed_once(labels):
    again = {"id": "m-2", "text": "The fleet \n sails  at dawn.", "lacks": ["dove"]}
    assert load(put(labels, minimum=[MINIMUM, again])).texts == ("The fleet sails at dawn.",)


def test_the_fingerprint_follows_claims_and_not_layout(labels):
    first = load(put(labels, minimum=[MINIMUM])).fingerprint
    assert load(put(labels, minimum=[MINIMUM | {"text": "The fleet  sails at dawn."}])).fingerprint == first
    assert load(put(labels, minimum=[MINIMUM | {"lacks": []}])).fingerprint != first


def test_words_are_swapped_whole_and_all_at_once(labels):
    swap = {"Mali": ["Oman"], "Oman": ["Mali"], "Oman Air": ["Mali Air"]}
    text = "Mali, Malian, Somali, Oman and Oman Air agree."
    suite = load(put(labels, invariant=[{"id": "i", "text": text, "swap": swap}]))
    assert suite.texts[1] == "Oman, Malian, Somali, Mali and Mali Air agree."


def test_the_readme_shows_a_file_that_is_read(labels):
    body = (ROOT / "labels" / "behaviour" / "README.md").read_text(encoding="utf-8")
    (labels / "behaviour").mkdir()
    (labels / "behaviour" / "mood.yaml").write_text(body.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    shutil.copy(ROOT / "labels" / "CODEBOOK.md", labels)
    suite = load_suite(labels, load_codebook(ROOT / "labels"))
    assert {case.kind for _, case in suite.placed()} == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "case", "said"),
    [
        ("minimum", MINIMUM | {"has": ["hawkk"]}, "case 'm-1': unknown label 'hawkk'; did you mean 'hawk'?"),
        ("minimum", MINIMUM | {"lacks": ["hawk"]}, "case 'm-1': both has and lacks hawk"),
        ("minimum", MINIMUM | {"has": ["hawk", "hawk"]}, "case 'm-1': label named twice: hawk"),
        ("minimum", {"id": "m-1", "text": "They met."}, "case 'm-1': claims nothing"),
        ("minimum", MINIMUM | {"hass": []}, "case 'm-1': hass: unknown key; did you mean 'has'?"),
        ("minimum", MINIMUM | {"text": " … "}, "case 'm-1': text: a sentence with a word in it is expected"),
        ("minimum", {"text": "They met.", "has": ["dove"]}, "minimum case number 1: id: missing"),
        ("minimum", "They met.", "minimum case number 1: holds a str, and a mapping is expected"),
        ("minimum", MINIMUM | {"ruling": "maxims"}, "case 'm-1': no ruling begins 'maxims'; did you mean 'maxim (War"),
        ("minimum", MINIMUM | {"ruling": "zebra"}, "case 'm-1': no ruling begins 'zebra'; see the table of rulings"),
        ("invariant", {"id": "i-1", "text": "They met."}, "case 'i-1': give either `variants` or `swap`"),
        ("invariant", INVARIANT | {"variants": ["They met."]}, "case 'i-1': give either `variants` or `swap`"),
        ("invariant", {"id": "i-1", "text": "They met.", "variants": ["They  met."]}, "'i-1': a variant is equal to"),
        ("invariant", INVARIANT | {"swap": {"Peru": ["Mali", "Peru"]}}, "case 'i-1': a variant is equal to the text"),
        ("invariant", INVARIANT | {"swap": {"Peru": ["Mali", "Mali"]}}, "case 'i-1': a variant comes twice"),
        ("invariant", INVARIANT | {"swap": {"Per": ["Mali"]}}, "case 'i-1': swap: 'Per' is no word of the text"),
        (
            "invariant",
            INVARIANT | {"swap": {"Peru": ["Mali"], "two": []}},
            "case 'i-1': swap: every word needs the same",
        ),
        ("directional", DIRECTIONAL | {"changed": "They met."}, "case 'd-1': `changed` is equal to the text"),
        ("directional", DIRECTIONAL | {"label": "dov"}, "case 'd-1': unknown label 'dov'; did you mean 'dove'?"),
        ("directional", DIRECTIONAL | {"moves": "sideways"}, "case 'd-1': moves: input should be 'up' or 'down'"),
        ("directional", DIRECTIONAL | {"by": 0}, "case 'd-1': by: input should be greater than 0"),
    ],
)
def test_a_fault_is_named_with_its_file_and_case(labels, kind, case, said):
    (labels / "CODEBOOK.md").write_text(RULINGS)
    [fault] = faults(put(labels, **{kind: [case]}))
    assert fault.startswith("mood.yaml, ") and said in fault


def test_all_faults_of_all_files_come_at_once(labels):
    put(labels, "a", minimum=[MINIMUM | {"has": ["hauk"]}, MINIMUM | {"id": "m-2", "lacks": 3}])
    put(labels, "b", minimum=[MINIMUM | {"ruling": "maxim"}], directional=[DIRECTIONAL | {"by": 2}], tone="x")
    put(labels, "c", claim="")
    put(labels, "d")
    (labels / "behaviour" / "e.yml").write_text("capability: e")
    found = faults(labels)
    for part in ("e.yml: rename it to e.yaml", "b.yaml: tone: unknown key", "c.yaml: claim:", "d.yaml: holds no case"):
        assert any(fault.startswith(part) for fault in found), (part, found)
    assert any("'m-2': lacks:" in fault for fault in found) and any("'hauk'" in fault for fault in found)


def test_what_comes_twice_is_refused(labels):
    put(labels, "a", minimum=[MINIMUM])
    put(labels, "b", capability="a", minimum=[MINIMUM | {"text": "They met."}])
    assert faults(labels) == [
        "b.yaml: capability 'a' is in a.yaml too",
        "b.yaml, case 'm-1': the same id as a case of a.yaml",
    ]


def test_a_sentence_may_not_have_and_lack_a_label(labels):
    other = {"id": "m-2", "text": "The fleet — sails at dawn!", "has": ["dove"]}
    put(labels, "a", minimum=[MINIMUM])
    put(labels, "b", minimum=[other])
    [fault] = faults(labels)
    assert fault == "b.yaml, case 'm-2': has dove, and the same sentence lacks it in a.yaml, case 'm-1'"
    agreeing = put(labels, "b", minimum=[other | {"has": [], "lacks": ["dove"]}])
    assert len(load(agreeing).texts) == 2


def test_an_exclusive_codebook_allows_one_label(tmp_path):
    labels = write_labels(tmp_path / "labels", "one")
    none = {"id": "m-2", "text": "They met.", "lacks": ["hawk", "dove", "other"]}
    put(labels, minimum=[MINIMUM | {"has": ["hawk", "other"]}, none])
    assert [fault.split(", and the codebook")[0] for fault in faults(labels)] == [
        "mood.yaml, case 'm-1': has hawk, other",
        "mood.yaml, case 'm-2': lacks every label",
    ]
    assert load(put(labels, minimum=[MINIMUM | {"lacks": ["dove", "other"]}])).codebook.exclusive


def test_a_folder_without_a_suite_says_so(labels):
    with pytest.raises(ConfigError, match="holds no behavioural suite: no folder behaviour/"):
        load(labels)
    (labels / "behaviour").mkdir()
    with pytest.raises(ConfigError, match=r"holds no \.yaml file"):
        load(labels)


def test_a_ruling_needs_a_codebook_with_a_table(labels):
    put(labels, minimum=[MINIMUM | {"ruling": "Own  threat"}])
    assert "no ruling begins 'Own  threat'" in faults(labels)[0]
    (labels / "CODEBOOK.md").write_text(RULINGS)
    assert read_rulings(labels / "CODEBOOK.md") == ("maxim (War is war)", "own threat")
    assert load(labels).chapters


def test_labelled_sentences_are_refused_and_contradictions_said(labels):
    sentences = dict(tiny_sentences())
    put(
        labels,
        minimum=[
            {"id": "m-1", "text": sentences["hawk"].upper(), "has": ["hawk"]},
            {"id": "m-2", "text": sentences["dove"], "has": ["hawk"], "lacks": ["dove"]},
            {"id": "m-3", "text": "Nobody has labelled this.", "has": ["hawk"]},
        ],
        directional=[DIRECTIONAL | {"changed": sentences["none"]}],
    )
    with pytest.raises(LabelError) as caught:
        check_against(load(labels), load_corpus(labels).examples)
    head, leak, clash, changed = caught.value.message.split("\n")
    assert head == "behaviour: 3 faults" and caught.value.hint
    assert "mood.yaml, case 'm-1'" in leak and "may have been trained on it" in leak
    assert "case 'm-2': the case says has hawk, lacks dove, and a labelled sentence of 'tiny-" in clash
    assert clash.endswith("labelled dove") and "case 'd-1'" in changed


@pytest.fixture(scope="module")
def ours():
    return load(ROOT / "labels")


def test_our_suite_is_whole(ours):
    cases = [case for _, case in ours.placed()]
    assert len(cases) >= 150 and len(ours.chapters) == len(list((ROOT / "labels" / "behaviour").glob("*.yaml")))
    assert {chapter.capability for chapter in ours.chapters} >= CAPABILITIES
    assert min(len(chapter.cases) for chapter in ours.chapters) >= 10
    assert {case.kind for case in cases} == set(KINDS)
    assert sum(bool(case.ruling) for case in cases) >= 30
    written = (ROOT / "labels" / "behaviour").glob("*.yaml")
    assert sum(path.read_text().count("\n  - id:") for path in written) == len(cases)


def test_our_country_names_have_many_cases_and_variants(ours):
    [chapter] = [chapter for chapter in ours.chapters if chapter.capability == "country_names"]
    assert chapter.bar == 0.05
    assert len(chapter.cases) >= 25
    assert all(isinstance(case, Invariant) and len(case.others) >= 5 for case in chapter.cases)


def test_our_claims_speak_of_every_label_both_ways(ours):
    minimum = [case for _, case in ours.placed() if isinstance(case, Minimum)]
    moved = [case for _, case in ours.placed() if isinstance(case, Directional)]
    for name in ours.codebook.names:
        assert sum(name in case.has for case in minimum) >= 20
        assert sum(name in case.lacks for case in minimum) >= 20
        assert {case.moves for case in moved if case.label == name} == {"up", "down"}


def test_our_suite_is_in_no_labelled_data(ours):
    examples = load_corpus(ROOT / "labels").examples
    assert len(examples) > 1000
    check_against(ours, examples)
