"""State where an encoder comes from: a package, parts on a package index, a folder, or the Hub."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline.ground.config import Strict

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PackageEncoder(Strict):
    """An encoder whose files an installed package carries; `folder` is its place in site-packages."""

    kind: Literal["package"]
    package: str
    folder: str
    sha256: dict[str, Sha256] = Field(default_factory=dict)


class HubEncoder(Strict):
    """An encoder by its Hugging Face Hub id; needs a network, or a filled cache."""

    kind: Literal["hub"]
    id: str
    revision: str | None = None


class FolderEncoder(Strict):
    """An encoder in a local folder, as `save_pretrained` writes it."""

    kind: Literal["folder"]
    path: str
    sha256: dict[str, Sha256] = Field(default_factory=dict)


PackageName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
PlainName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
PlainPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$")]


class PartsEncoder(Strict):
    """An encoder in the folder `folder` of a zip, whose parts `packages` hold on a package index, one each, in order.

    `sha256` lists every file that is taken from the zip; nothing else is unpacked, so nothing unproven is read.
    """

    kind: Literal["parts"]
    packages: tuple[PackageName, ...] = Field(min_length=1)
    version: str = Field(pattern=r"^[0-9][A-Za-z0-9.!+]*$")
    folder: PlainName
    sha256: dict[PlainPath, Sha256]

    @field_validator("sha256")
    @classmethod
    def _what_loading_reads_is_stated(cls, sha256: dict[str, str]) -> dict[str, str]:
        if absent := [name for name in ("config.json", "model.safetensors", "tokenizer.json") if name not in sha256]:
            raise ValueError(f"must state {', '.join(absent)} too")
        return sha256


Encoder = Annotated[PackageEncoder | HubEncoder | FolderEncoder | PartsEncoder, Field(discriminator="kind")]
