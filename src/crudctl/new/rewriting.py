"""Rewrites the contract from one resource's words to another's, by what each part of the document means; its layout is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from crudctl.build.service import Service
from crudctl.new.text import Renaming
from crudctl.new.words import Words

Edit = tuple[int, int, str]  # start, end, new text
Path = tuple[str, ...]
DATA = {"example", "value", "default"}
VERSION = "0.1.0"


def operations(service: Service, old: Words, new: Words) -> dict[str, str]:
    """Return the new operationId of each operation whose id names the resource."""
    forms = {old.snake: new.snake, old.plural_snake: new.plural_snake}
    names = "|".join(sorted(map(re.escape, forms), key=len, reverse=True))
    renamed = {
        name: re.sub(f"(?<![a-z0-9])(?:{names})(?![a-z0-9])", lambda found: forms[found[0]], name)
        for name in service.operations
    }
    return {name: renamed[name] for name in renamed if renamed[name] != name}


def components(document: Mapping[str, Any], old: Words, new: Words) -> dict[str, str]:
    """Return the new name of each component whose name contains the resource's among others, such as `OrderPage`."""
    names = {name for section in document["components"].values() for name in section}
    forms = {old.schema: new.schema, _camel(old.plural): _camel(new.plural)}
    parts = "|".join(sorted(map(re.escape, forms), key=len, reverse=True))
    renamed = {name: re.sub(f"(?:{parts})(?![a-z0-9])", lambda found: forms[found[0]], name) for name in names}
    return {name: renamed[name] for name in sorted(names) if renamed[name] != name and name != old.schema}


def clashes(document: Mapping[str, Any], renaming: Renaming) -> list[str]:
    """Return the names of components that the contract would have twice."""
    twice = []
    for section, members in document["components"].items():
        new = [_component(renaming, section, name) for name in members]
        twice += sorted({name for name in new if new.count(name) > 1})
    return twice


def contract(source: str, renaming: Renaming) -> str:
    """Return the text of the contract with the new resource and version 0.1.0.

    Args:
        source: the contract, as YAML.
    """
    document = yaml.compose(source, yaml.SafeLoader)
    assert document
    edits = list(_edits(document, (), source, renaming, set()))
    spans = [(start, end) for start, end, _ in edits]
    edits += _anchors(source, renaming)
    for comment in re.finditer(r"(?m)^[ \t]*#.*$", source):
        if not any(start <= comment.start() < end for start, end in spans):
            edits.append((comment.start(), comment.end(), renaming.sentence(comment[0])))
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source


def _edits(node: yaml.Node, path: Path, source: str, renaming: Renaming, seen: set[int]) -> Iterator[Edit]:
    """Yield an edit for each scalar of `node` in the document at `path`."""
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield _scalar(node, path, source, renaming)
    elif isinstance(node, yaml.SequenceNode):
        siblings = [each.value for each in node.value]
        for each in node.value:
            inner = (*path, "next_cursor") if "next_cursor" in siblings else path
            yield from _edits(each, inner, source, renaming, seen)
    elif isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        for key, value in node.value:
            new = _key(key.value, path, keys, renaming)
            yield key.start_mark.index, key.end_mark.index, _quoted(source, key, new)
            inner = (*path, "(parameter)") if "in" in keys and key.value == "name" else path
            yield from _edits(value, (*inner, key.value), source, renaming, seen)


def _key(key: str, path: Path, siblings: Iterable[str], renaming: Renaming) -> str:
    """Return the new key of a mapping at `path`. Only keys that the contract's author chose are renamed."""
    old, new = renaming.old, renaming.new
    if path == ("paths",):
        return "/".join(new.collection if part == old.collection else part for part in key.split("/"))
    if len(path) == 2 and path[0] == "components":
        return _component(renaming, path[1], key)
    if path[-1:] == ("scopes",):
        return _scope(key, renaming)
    if path[-1:] == ("examples",):
        return new.snake if key == old.snake else key
    page = "next_cursor" in siblings and key == old.page
    return new.page if page and (path[-1] == "properties" or DATA & set(path)) else key


def _scalar(node: yaml.ScalarNode, path: Path, source: str, renaming: Renaming) -> Edit:
    start, end = node.start_mark.index, node.end_mark.index
    raw, key = source[start:end], path[-1]
    if path == ("info", "version"):
        return start, end, VERSION
    if path == ("info", "title"):
        return start, end, _quoted(source, node, renaming.new.title)
    named = _identifier(node.value, path, renaming)
    if named is not None:
        return start, end, _quoted(source, node, named)
    prose = key in ("description", "summary", "title") or path[-2:-1] == ("scopes",) or DATA & set(path)
    return start, end, renaming.sentence(raw) if prose else raw


def _identifier(value: str, path: Path, renaming: Renaming) -> str | None:
    """Return the new value of an identifier at `path`; None for a text."""
    key, old, new = path[-1], renaming.old, renaming.new
    if key == "$ref":
        section, _, name = value.removeprefix("#/components/").rpartition("/")
        return f"#/components/{section}/{_component(renaming, section, name)}"
    if key == "x-merge-patch-of":
        return _component(renaming, "schemas", value)
    if key == "operationId":
        return renaming.operations.get(value, value)
    if value.startswith(f"urn:{old.collection}:"):
        return f"urn:{new.collection}:" + value.removeprefix(f"urn:{old.collection}:")
    if key == "tags" or path == ("tags", "name"):
        return new.collection if value == old.collection else value
    if path[-2:-1] == ("security",):
        return _scope(value, renaming)
    if key == "next_cursor" and path[-2:-1] == ("required",):
        return new.page if value == old.page else value
    if value.startswith(f"{old.collection}/") and " " not in value:
        return new.collection + value.removeprefix(old.collection)
    return None


def _component(renaming: Renaming, section: str, name: str) -> str:
    if section == "schemas" and name == renaming.old.schema:
        return renaming.new.schema
    return renaming.components.get(name, name)


def _scope(name: str, renaming: Renaming) -> str:
    identifier, slash, scope = name.rpartition("/")
    return renaming.new.collection + slash + scope if identifier == renaming.old.collection else name


def _anchors(source: str, renaming: Renaming) -> Iterator[Edit]:
    """Yield edits for the anchors that are named like the resource, and their aliases."""
    forms = {renaming.old.snake: renaming.new.snake, renaming.old.plural_snake: renaming.new.plural_snake}
    for token in yaml.scan(source, yaml.SafeLoader):
        if isinstance(token, (yaml.AnchorToken, yaml.AliasToken)) and token.value in forms:
            start, end = token.start_mark.index, token.end_mark.index
            yield start, end, source[start] + forms[token.value]


def _quoted(source: str, node: yaml.ScalarNode, value: str) -> str:
    """Return `value` as the source writes `node`; unchanged values keep their spelling."""
    raw = source[node.start_mark.index : node.end_mark.index]
    return raw if value == node.value else f"{node.style or ''}{value}{node.style or ''}"


def _camel(words: str) -> str:
    return "".join(word[0].upper() + word[1:] for word in words.split())
