"""Read YAML into strict records: every fault at once, each with its path and a *did you mean*."""

import difflib
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.ground.errors import ConfigError
from pipeline.ground.files import read_utf8

Config = TypeVar("Config", bound="Strict")


class Strict(BaseModel):
    """A record that refuses unknown keys and cannot change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_yaml(path: Path) -> Any:
    """Parse a YAML file; raise `ConfigError` naming file, line and column."""
    try:
        return yaml.load(read_utf8(path), Loader=_once_each())  # noqa: S506 - a SafeLoader that is stricter still
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(f"{path}{where}: not YAML ({error.problem})", hint="check indentation and colons") from error
    except yaml.YAMLError as error:
        raise ConfigError(
            f"{path}: not YAML ({error})", hint="the file may be binary or hold control characters"
        ) from error


def _once_each() -> type[yaml.SafeLoader]:
    """Make a safe loader that refuses a key given twice, which YAML forbids and PyYAML lets pass."""

    class OnceEach(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in seen:
                        said = f"the key {key.value!r} stands here twice"
                        raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    return OnceEach


def load_config(path: Path, schema: type[Config]) -> Config:
    """Read a YAML file as `schema`; raise one `ConfigError` that lists every fault."""
    return parse_config(read_yaml(path), schema, str(path))


def parse_config(value: Any, schema: type[Config], where: str) -> Config:
    """Check a parsed value against `schema`; `where` names it in messages."""
    if not isinstance(value, dict):
        raise ConfigError(
            f"{where}: holds {_kind(value)}, and a mapping is expected", hint="start it with `key: value`"
        )
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        faults = [_say(fault, schema) for fault in error.errors()]
        noun = "fault" if len(faults) == 1 else "faults"
        raise ConfigError(
            f"{where}: {len(faults)} {noun}\n" + "\n".join(f"  - {fault}" for fault in faults),
            hint="mend the lines named above; the files shipped beside it are working examples",
        ) from error


def did_you_mean(word: str, allowed: list[str]) -> str:
    """Suggest the nearest allowed word, or list what is allowed."""
    near = difflib.get_close_matches(word, allowed, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(allowed)}"


def _say(fault: Any, schema: type[BaseModel]) -> str:
    """Put one pydantic fault into a sentence a user can act on."""
    path, model = _walk(fault["loc"], schema)
    name = ".".join(path)
    if fault["type"] == "extra_forbidden":
        return f"{name}: unknown key; {did_you_mean(path[-1], _keys(model))}"
    if fault["type"] == "missing":
        return f"{name}: missing"
    if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
        context = fault["ctx"]
        allowed = [tag.strip().strip("'") for tag in context.get("expected_tags", "").split(",") if tag]
        key = f"{name}.{context['discriminator'].strip(chr(39))}"
        if allowed:
            return f"{key}: {context['tag']!r}; {did_you_mean(context['tag'], allowed)}"
        near = difflib.get_close_matches("kind", [str(given) for given in fault["input"]], n=1, cutoff=0.5)
        return f"{key}: missing" + (f"; unknown key {near[0]!r}, did you mean 'kind'?" if near else "")
    message = fault["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    return f"{name}: {message} (got {fault['input']!r})" if name else message


def _walk(location: tuple[int | str, ...], schema: type[BaseModel]) -> tuple[list[str], type[BaseModel] | None]:
    """Follow a fault's location; drop the union tags pydantic puts in, and find the record it is in."""
    path: list[str] = []
    model: type[BaseModel] | None = schema
    pending: list[type[BaseModel]] = []
    for step, part in enumerate(location):
        tagged = [option for option in pending if _tag_of(option) == part]
        if tagged:
            model, pending = tagged[0], []
            continue
        path.append(str(part))
        if isinstance(part, int) or model is None or step == len(location) - 1:
            continue
        fields = model.model_fields
        pending = _models_in(fields[part].annotation) if part in fields else []
        model = pending[0] if len(pending) == 1 else model
    return path, model


def _tag_of(model: type[BaseModel]) -> Any:
    """Give the discriminator value of a record with a literal `kind`."""
    kind = model.model_fields.get("kind")
    options = get_args(kind.annotation) if kind else ()
    return options[0] if options else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """List the record classes an annotation can hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is None:
        return []
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _keys(model: type[BaseModel] | None) -> list[str]:
    return list(model.model_fields) if model else []


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
