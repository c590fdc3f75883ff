"""The schema's errors in words: which key, what value, what was expected, and the likely intention."""

import difflib

from pydantic import BaseModel, ValidationError

from depth2seg.errors import UserError
from depth2seg.study.schema import Config

# Blocks that are one of several kinds, and the key that says which.
UNIONS = {"datasets": "source", "recipes": "task"}


def config_error(error: ValidationError, name: str) -> UserError:
    """All of a validation's errors as one message, a line each."""
    lines = [_line(detail) for detail in error.errors(include_url=False)]
    return UserError(f"{name}: {len(lines)} mistake{'s' if len(lines) > 1 else ''}\n" + "\n".join(lines))


def _line(detail: dict) -> str:
    # A tagged union puts its tag into the location ('datasets', 'streets', 'rendered-street', 'size'): not a key.
    tagged = detail["loc"][0] in UNIONS and len(detail["loc"]) > 3
    location = [str(part) for i, part in enumerate(detail["loc"]) if not (i == 2 and tagged)]
    key, kind, context = ".".join(location), detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        guess = difflib.get_close_matches(location[-1], _known_keys(detail["loc"]), n=1, cutoff=0.5)
        hint = f"; did you mean '{guess[0]}'?" if guess else ""
        return f"  {key}: unknown key (value {detail['input']!r}){hint}"
    if kind == "missing":
        return f"  {key}: this key is missing"
    if kind == "string_pattern_mismatch" and location[-1] == "[key]":
        return f"  {'.'.join(location[:-1])}: a name has lower-case letters, digits, '-' and '+' only"
    value, expected = detail["input"], detail["msg"].removeprefix("Input should be ")
    if kind == "union_tag_invalid":
        expected = context["expected_tags"]
        value = context["tag"]
        key += f".{UNIONS[location[0]]}"
    if kind == "union_tag_not_found":
        return f"  {key}.{UNIONS[location[0]]}: this key is missing"
    hint = ""
    if kind.startswith("float") and isinstance(value, str):
        hint = " (YAML reads 1e-4 as text: write 1.0e-4)"
    return f"  {key}: {value!r} is not valid, expected {expected}{hint}"


def _known_keys(location: tuple) -> list[str]:
    """Names of the fields that the block at ``location`` could have had."""
    models: list[type[BaseModel]] = [Config]
    for part in location[:-1]:
        models = [model for model in models if part in _kinds(model)] or models
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        found = [m for field in fields for m in _models(field.annotation)]
        found += [m for field in fields for extra in field.metadata for m in _models(extra)]
        if found:
            models = found
    return sorted({name for model in models for name in model.model_fields})


def _kinds(model: type[BaseModel]) -> tuple[str, ...]:
    """The values of the key that tells this block from others of its union."""
    tags = [model.model_fields[key].annotation for key in UNIONS.values() if key in model.model_fields]
    return tuple(value for tag in tags for value in getattr(tag, "__args__", ()))


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "__args__", ())
    return [model for part in inner for model in _models(part)]
