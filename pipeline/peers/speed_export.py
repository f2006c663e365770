"""Export an encoder with a random head of three labels to ONNX: float32 by torch, int8 by onnxruntime's default way.

`python speed_export.py FOLDER`. FOLDER holds job.json (encoder, threads, seed); float32.onnx, int8.onnx,
tokenizer.json and result.json come out.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

LABELS, OPSET = 3, 20
PROBES = ["The talks resume.", "Both sides should keep the line open for longer than that."]


def run(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write both graphs, with dynamic batch and length; `worst` is the largest difference of a float32 logit."""
    import onnxruntime
    import torch
    from onnxruntime.quantization import quantize_dynamic
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    model = AutoModelForSequenceClassification.from_pretrained(
        job["encoder"], num_labels=LABELS, dtype=torch.float32
    ).eval()

    class Logits(torch.nn.Module):
        """Give the logits alone."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            """Give logits, shape (batch, labels)."""
            logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
            return logits

    encoded = AutoTokenizer.from_pretrained(job["encoder"])(PROBES, padding=True, return_tensors="pt")
    inputs = (encoded["input_ids"], encoded["attention_mask"])
    shape = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens")}
    with torch.no_grad():
        torch.onnx.export(
            Logits().eval(),
            inputs,
            folder / "float32.onnx",
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=(shape, shape),
            external_data=False,
        )
        expected = Logits()(*inputs).numpy()
    quantize_dynamic(folder / "float32.onnx", folder / "int8.onnx")
    shutil.copyfile(Path(job["encoder"]) / "tokenizer.json", folder / "tokenizer.json")
    session = onnxruntime.InferenceSession(str(folder / "float32.onnx"), providers=["CPUExecutionProvider"])
    found = session.run(None, {"input_ids": inputs[0].numpy(), "attention_mask": inputs[1].numpy()})[0]
    return {"worst": float(abs(found - expected).max())}


def main(folder: Path) -> None:
    """Do the job, and write its figures; a library that is not there is one of them."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    try:
        figures = run(job, folder)
    except ModuleNotFoundError as error:
        figures = {"missing": error.name}
    (folder / "result.json").write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
