"""Fixtures: a tiny labels folder, a two-layer random BERT, a project of one's own, the command."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import tiny_sentences, write_labels, write_recipe

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Make a labels folder where any subset of hawk and dove is allowed."""
    return write_labels(tmp_path / "labels")


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a two-layer random BERT with a word-piece tokenizer of the tiny sentences' words."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    trainer = BertWordPieceTokenizer(lowercase=True)
    trainer.train_from_iterator([text for _, text in tiny_sentences()], vocab_size=400, min_frequency=1)
    trainer.save_model(str(folder))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=trainer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project of one's own, with a TF-IDF recipe and no store from elsewhere."""
    write_labels(tmp_path / "labels")
    write_recipe(tmp_path / "models" / "tiny.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("STANCE_TEXTS", raising=False)
    return tmp_path


@pytest.fixture
def stance(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `stance` in this process; return exit code, stdout and stderr."""
    from pipeline.cli.app import main

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run
