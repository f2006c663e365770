"""Train SetFit, contrastive pairs first and a logistic head for each label then (Tunstall et al. 2022), and run it.

`python setfit_peer.py train|predict FOLDER`. FOLDER holds job.json and train.jsonl, or texts.jsonl;
train.json, predict.json, probabilities.jsonl and model/ come out. Arguments that the settings do not name
are SetFit's own; the model is saved in SetFit's format.
"""

import json
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any


def train(job: dict[str, Any], folder: Path) -> dict[str, float]:
    """Train body and heads; seconds are those from the loading of the encoder on."""
    import torch
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from transformers import set_seed
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    settings, rows = job["settings"], read(folder / "train.jsonl")
    torch.set_num_threads(job["threads"])
    start = time.perf_counter()
    set_seed(job["seed"])
    model = SetFitModel.from_pretrained(
        job["encoder"], multi_target_strategy="one-vs-rest", labels=job["labels"], device="cpu"
    )
    model.model_body.max_seq_length = settings["max_length"]
    arguments = TrainingArguments(
        output_dir=str(folder / "checkpoints"),
        max_steps=settings["max_steps"],
        batch_size=settings["batch_size"],
        body_learning_rate=settings["body_learning_rate"],
        seed=job["seed"],
        save_strategy="no",
        report_to="none",
        show_progress_bar=False,
    )
    data = Dataset.from_dict({"text": [row["text"] for row in rows], "label": [row["labels"] for row in rows]})
    trainer = Trainer(model=model, args=arguments, train_dataset=data, callbacks=[news()])
    for shown in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(shown)
    parameters = trainer.dataset_to_parameters(data)
    with autocast(settings["precision"]):
        trainer.train_embeddings(*parameters, args=arguments)
    say("fitting the heads")
    trainer.train_classifier(*parameters, args=arguments)
    seconds = time.perf_counter() - start
    model.save_pretrained(str(folder / "model"))
    return {"seconds": seconds}


def predict(job: dict[str, Any], folder: Path) -> dict[str, float]:
    """Score texts; seconds are those after the loading of the model."""
    import torch
    from setfit import SetFitModel

    torch.set_num_threads(job["threads"])
    model = SetFitModel.from_pretrained(str(folder / "model"), device="cpu")
    texts = [row["text"] for row in read(folder / "texts.jsonl")]
    start = time.perf_counter()
    found = model.predict_proba(texts, as_numpy=True, show_progress_bar=False)
    seconds = time.perf_counter() - start
    write(folder / "probabilities.jsonl", [{"probabilities": row.tolist()} for row in found])
    return {"seconds": seconds}


def autocast(precision: str) -> AbstractContextManager[object]:
    """Run matrix products in bfloat16 where asked; SetFit's own `use_amp` is float16, which is for GPUs.

    One context spans the whole training, so the weights cast within it must not be kept from step to step.
    """
    import torch

    return torch.autocast("cpu", torch.bfloat16, cache_enabled=False) if precision == "bfloat16" else nullcontext()


def news() -> Any:
    """Make a callback that says how far the training is."""
    from transformers import TrainerCallback

    class News(TrainerCallback):  # type: ignore[misc]
        """Say step and loss."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            """Write one line."""
            loss = (logs or {}).get("embedding_loss")
            if loss is not None:
                say(f"step {state.global_step} of {state.max_steps}, loss {float(loss):.3f}")

    return News()


def read(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def say(message: str) -> None:
    """Pass one line of news to whoever started this program."""
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def main(verb: str, folder: Path) -> None:
    """Do what the verb asks, and write its figures last."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    figures = {"train": train, "predict": predict}[verb](job, folder)
    write(folder / f"{verb}.json", [figures])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
