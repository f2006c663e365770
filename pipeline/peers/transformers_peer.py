"""Fine-tune an encoder as Hugging Face's text-classification example does, and run it.

`python transformers_peer.py train|predict FOLDER`. FOLDER holds job.json and train.jsonl, or texts.jsonl;
train.json, predict.json, probabilities.jsonl and model/ come out. The arguments that the settings do not
name are the `Trainer`'s own. Sentences are padded to the longest of their batch, to save time.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

BATCH = 32  # sentences scored at once


def train(job: dict[str, Any], folder: Path) -> dict[str, float]:
    """Fine-tune with AdamW and a linear decay; seconds are those from the loading of the encoder on."""
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        PrinterCallback,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    settings, rows = job["settings"], read(folder / "train.jsonl")
    torch.set_num_threads(job["threads"])
    start = time.perf_counter()
    set_seed(job["seed"])
    tokenizer = AutoTokenizer.from_pretrained(job["encoder"])
    model = AutoModelForSequenceClassification.from_pretrained(
        job["encoder"], num_labels=len(job["labels"]), problem_type="multi_label_classification"
    )
    features = [
        dict(tokenizer(row["text"], truncation=True, max_length=settings["max_length"]))
        | {"labels": [float(on) for on in row["labels"]]}
        for row in rows
    ]
    arguments = TrainingArguments(
        output_dir=str(folder / "checkpoints"),
        learning_rate=settings["learning_rate"],
        per_device_train_batch_size=settings["batch_size"],
        num_train_epochs=settings["epochs"],
        bf16=settings["precision"] == "bfloat16",
        use_cpu=True,
        seed=job["seed"],
        save_strategy="no",
        report_to="none",
        logging_steps=100,
        disable_tqdm=True,
    )
    trainer = Trainer(model, arguments, DataCollatorWithPadding(tokenizer), features, callbacks=[news()])
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    seconds = time.perf_counter() - start
    trainer.save_model(str(folder / "model"))
    tokenizer.save_pretrained(str(folder / "model"))
    return {"seconds": seconds}


def predict(job: dict[str, Any], folder: Path) -> dict[str, float]:
    """Score texts in batches of like length; seconds are those after the loading of the model."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(str(folder / "model"))
    model = AutoModelForSequenceClassification.from_pretrained(str(folder / "model")).eval()
    texts = [row["text"] for row in read(folder / "texts.jsonl")]
    start = time.perf_counter()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows: list[list[float]] = [[] for _ in texts]
    for first in range(0, len(order), BATCH):
        batch = order[first : first + BATCH]
        encoded = tokenizer(
            [texts[i] for i in batch],
            padding=True,
            truncation=True,
            max_length=job["settings"]["max_length"],
            return_tensors="pt",
        )
        with torch.inference_mode():
            found = torch.sigmoid(model(**encoded).logits.float()).tolist()
        for i, row in zip(batch, found, strict=True):
            rows[i] = row
    seconds = time.perf_counter() - start
    write(folder / "probabilities.jsonl", [{"probabilities": row} for row in rows])
    return {"seconds": seconds}


def news() -> Any:
    """Make a callback that says how far the training is."""
    from transformers import TrainerCallback

    class News(TrainerCallback):  # type: ignore[misc]
        """Say step and loss."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            """Write one line."""
            if logs and "loss" in logs:
                say(f"step {state.global_step} of {state.max_steps}, loss {float(logs['loss']):.3f}")

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
