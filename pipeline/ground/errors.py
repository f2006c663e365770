"""Name the few errors a user can meet; each carries a hint on how to go on."""


class StanceError(Exception):
    """Say what is wrong and where; `hint` says how to go on, as a command where there is one."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DocumentError(StanceError):
    """A document cannot be read, or holds no running prose."""


class ConfigError(StanceError):
    """A YAML or JSON file does not follow its schema."""


class LabelError(StanceError):
    """An annotation contradicts its codebook or its text."""


class SplitError(StanceError):
    """The split manifest is stale, or a split leaks."""


class EncoderError(StanceError):
    """An encoder is missing, or its files are not the ones expected."""


class ModelError(StanceError):
    """A model folder is missing, damaged, or made for something else."""


class PeerError(StanceError):
    """A peer's environment cannot be made, or its program fails."""


class MissingExtra(StanceError):
    """A step needs a part of the install that is not there."""


class TrackingError(StanceError):
    """The MLflow store cannot be used."""
