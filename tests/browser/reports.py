"""Write reports as a user does: one briefing, a set, a hostile one, and one of 3,000 sentences."""

from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from tiny import ROOT, run_apart

EXAMPLES = ROOT / "docs" / "examples"
BRIEFING = EXAMPLES / "harbour-talks.md"
LONG = 3000
HOSTILE_NAME = "<img src=x onerror=window.struck=1>.txt"
HOSTILE = """Talks </title><script>window.struck=2</script>

By <svg onload="window.struck=3">

The council must act before the talks fail <script>window.struck=4;alert(4)</script> in the outer harbour.
It warns that <img src=x onerror="window.struck=5;alert(5)"> a collapse may follow, and that ships could burn.
</span></p></main></body><style>body{display:none}</style> Both sides should sign the charter at once.
There is real hope <iframe srcdoc="<script>parent.struck=6</script>"></iframe> that the ferries will run again.
We urge all parties to read <a href="javascript:window.struck=7">this page</a> before the spring. {{ 7 * 7 }} ${7*7}
&lt;script&gt;window.struck=8&lt;/script&gt; The envoy cautions that "quotes' <b onclick=window.struck=9>break</b>.
<link rel=stylesheet href=//example.org/x.css><meta http-equiv=refresh content="0;url=//example.org"> They should go on.
"""


def write_report(target: Path, *names: object, model: str = "--fast") -> Path:
    """Run `stance score NAMES --report TARGET`, with the small released model unless another is named."""
    target.parent.mkdir(parents=True, exist_ok=True)
    rows = ("-o", target.with_suffix(".jsonl")) if len(names) > 1 or Path(str(names[0])).is_dir() else ()
    result = run_apart(ROOT, "score", *names, model, *rows, "--report", target)
    assert result.returncode == 0, result.stderr
    return target


def write_one(folder: Path) -> Path:
    return write_report(folder / "one.html", BRIEFING)


def write_set(folder: Path) -> Path:
    """Report on four dated briefings of one source, and on two files of one name."""
    for place in ("north", "south"):
        (folder / place).mkdir()
        (folder / place / "note.txt").write_text(f"The {place} harbour should open at once. Storms may follow.\n")
    return write_report(folder / "set.html", EXAMPLES / "harbour-talks", folder / "north", folder / "south")


def write_hostile(folder: Path) -> Path:
    """Report on a document whose name, title and text are markup that would like to run."""
    (folder / "hostile").mkdir()
    (folder / "hostile" / HOSTILE_NAME).write_text(HOSTILE)
    source = "---\ntitle: </title><script>window.struck=10</script>\nsource: <svg onload=window.struck=11>\n"
    (folder / "hostile" / "b.md").write_text(f"{source}date: 2026-01-02\n---\n\n{HOSTILE}")
    return write_report(folder / "hostile.html", folder / "hostile")


def write_long(folder: Path) -> Path:
    """Report on a document of 3,000 sentences; the words that carried them are left out, to save a minute."""
    from pipeline.corpus.load import load_corpus

    texts = [
        example.text for example in load_corpus(ROOT / "labels").examples if example.source.startswith("briefings")
    ]
    plain = [text for text in texts if text[0].isupper() and text[-1] == "." and text.count(".") == 1]
    lines = list(islice(cycle(plain), LONG))
    paragraphs = [" ".join(lines[start : start + 5]) for start in range(0, LONG, 5)]
    (folder / "long.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
    target = folder / "long.html"
    result = run_apart(ROOT, "score", folder / "long.txt", "--fast", "--no-evidence", "--report", target)
    assert result.returncode == 0, result.stderr
    return target


WRITERS: dict[str, Callable[[Path], Path]] = {
    "one": write_one,
    "set": write_set,
    "hostile": write_hostile,
    "long": write_long,
}
