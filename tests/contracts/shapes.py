"""Every shape of field that the service supports: the rows of docs/contract.md, with values that tests send.

`python -m tests.contracts.shapes` prints the page. Values are JSON texts, so that each keeps every digit that is sent. The
schemas are those of shapes.yaml.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crudctl.build import contract, operations, rules

PATH = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Shape:
    """One row.

    Attributes:
        field: the property of `Sample` in shapes.yaml.
        feature: what of OpenAPI 3.0 it stands for.
        valid: at least two different valid values; the first is one that a form can edit.
        invalid: values that are refused with 400, at the field or in it.
        note: what is worth knowing.
    """

    field: str
    feature: str
    valid: tuple[str, ...]
    invalid: tuple[str, ...] = ()
    note: str = ""


SHAPES = (
    Shape("name", "`required`, `title`", ('"Desk"', '"Стол"'), ("null", '""', "1"), "cannot be removed"),
    Shape(
        "text_nullable",
        "`type: string`, `nullable`",
        ('"a"', '""', "null"),
        ("1",),
        "null in a PATCH removes the field",
    ),
    Shape(
        "text_length",
        "`minLength`, `maxLength`",
        ('"ab"', '"😀😀😀😀😀"'),
        ('"a"', '"abcdef"'),
        "counted in characters",
    ),
    Shape(
        "pattern_ends",
        "`pattern` with `$` in a group",
        ('"AB"', '"42"'),
        ('"42\\n"', '"ab"', '"٤٢"'),
        "ECMA-262; see below",
    ),
    Shape("pattern_named", "`pattern` with a named group", ('"2026-2026"', '"1999-1999"'), ('"2026-2027"',)),
    Shape("pattern_unicode", "`pattern` with `\\u{…}`", ('"abc"', '"é😀/"'), ('"ABC"', '""')),
    Shape("format_date", "`format: date`", ('"2026-01-31"', '"2024-02-29"'), ('"2026-02-29"', '"31.1.2026"')),
    Shape(
        "format_date_time",
        "`format: date-time`",
        ('"2026-01-31T09:26:53Z"', '"2026-01-31T09:26:53.5+02:00"'),
        ('"2026-01-31"', '"2026-01-31T25:00:00Z"'),
    ),
    Shape(
        "format_uuid",
        "`format: uuid`",
        ('"5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11"', '"5C0A7A3E-3B5F-4D0E-9F66-0B7E6A2F1C11"'),
        ('"5c0a7a3e"',),
    ),
    Shape(
        "format_uri", "`format: uri`", ('"https://example.com/a?b#c"', '"urn:isbn:1"'), ('"example"', '"http://a b"')
    ),
    Shape("format_email", "`format: email`", ('"a@example.com"', '"b.c@example.co.uk"'), ('"a"', '"a@b@c"')),
    Shape(
        "format_password",
        "`format: password`",
        ('"correct horse"', '"battery staple"'),
        ('"short"',),
        "stored and shown as text",
    ),
    Shape("enum_text", "`enum` of texts", ('"red"', '"yes"', '"1"'), ('"blue"', "1", "true")),
    Shape("enum_nullable", "`enum` with null, `nullable`", ('"low"', '"high"', "null"), ('"null"', '"mid"')),
    Shape("enum_integer", "`enum` of numbers", ("1", "3"), ("4", '"1"')),
    Shape("boolean", "`type: boolean`", ("true", "false"), ('"true"', "0")),
    Shape("boolean_nullable", "`type: boolean`, `nullable`", ("true", "false", "null"), ("1",)),
    Shape("integer_bounds", "`type: integer`, `minimum`, `maximum`", ("4", "0", "100"), ("-1", "101", "1.5", '"4"')),
    Shape("integer_int32", "`format: int32`", ("7", "-2147483648"), ("2147483648",)),
    Shape(
        "integer_int64", "`format: int64`", ("7", "9223372036854775807"), ("9223372036854775808",), "beyond a double"
    ),
    Shape(
        "integer_long",
        "integers of any length",
        ("7", "12345678901234567890123456789012345678"),
        ("1" + "0" * 38,),
        "38 digits",
    ),
    Shape(
        "number_decimal",
        "`type: number`",
        ("0.0004", "1.2345", "1234567890123456789.123456789", "1e125", "-1e-130"),
        ('"1"', "0.123456789012345678901234567890123456789", "1e126"),
        "decimal, 38 digits, 1e-130 to 1e126",
    ),
    Shape("number_exclusive", "`exclusiveMinimum`, `exclusiveMaximum`", ("0.5", "0.999"), ("0", "1", "1.0")),
    Shape("number_fraction_bounds", "bounds with fractions", ("0.1", "0.7", "0.70"), ("0.09", "0.7000000001")),
    Shape(
        "list_of_text",
        "`type: array`, `minItems`, `maxItems`",
        ('["a"]', '["a","b","a"]'),
        ("[]", '["a","b","c","d"]', "[1]"),
    ),
    Shape("list_of_unique", "`uniqueItems`", ('["a","b"]', '["c"]', "[]"), ('["a","a"]',)),
    Shape(
        "list_of_numbers",
        "unique numbers",
        ("[1,2.5]", "[0.1,0.10000000000000001]"),
        ("[1,1.0]", "[100,1e2]"),
        "1 and 1.0 are one",
    ),
    Shape("list_of_nullable", "null in a list", ('["a",null]', '[null,"null",""]'), ("[1]",), "kept as null"),
    Shape("list_of_lists", "a list of lists", ("[[1,2],[]]", "[[3]]"), ("[[1,2,3]]", "[1]")),
    Shape(
        "list_of_objects",
        "a list of objects",
        ('[{"sku":"a","amount":2}]', '[{"sku":"b"}]'),
        ('[{"amount":2}]', '[{"sku":"a","x":1}]'),
        "a PATCH replaces a list whole",
    ),
    Shape(
        "map_of_text",
        "`additionalProperties` with a schema",
        ('{"a":"b"}', '{"toString":"c","__proto__":"d"}'),
        ('{"a":1}',),
    ),
    Shape(
        "map_of_names",
        "`x-property-names`",
        ('{"ab":1}', '{"abcd":2,"xy":3}'),
        ('{"a":1}', '{"abcde":1}', '{"AB":1}'),
        "as `propertyNames` in OpenAPI 3.1; names have 1 to 255 characters without it",
    ),
    Shape(
        "map_of_nullable",
        "null in a map",
        ('{"a":1.5}', '{"b":2,"c":0}', '{"a":null,"b":2}'),
        ('{"a":"1"}',),
        "a PATCH cannot set it, only remove",
    ),
    Shape("map_of_lists", "`minProperties`", ('{"a":["b"]}', '{"c":[]}'), ("{}", '{"a":"b"}')),
    Shape(
        "closed_object",
        "`properties`, `additionalProperties: false`",
        ('{"street":"1 Elm Road","city":"Leeds"}', '{"street":"2"}'),
        ('{"city":"Leeds"}', '{"street":"1","x":1}'),
        "what another version stored in it is hidden and kept; within a list, a write removes it",
    ),
    Shape(
        "open_object",
        "`properties` beside any others",
        ('{"known":1,"other":[1,{"a":2}]}', '{"x":"y"}'),
        ('{"known":"1"}',),
    ),
    Shape(
        "open_object_typed",
        "`properties` beside typed others",
        ('{"known":true,"other":"abc"}', '{"x":"y"}'),
        ('{"known":1}', '{"x":"Y"}'),
    ),
    Shape("object_of_anything", "`type: object` alone", ('{"a":{"b":[1,"2",null]}}', "{}"), ("[]", '"a"')),
    Shape("object_nullable", "an object or null", ('{"known":"a"}', '{"other":1}', "null"), ('{"known":1}',)),
    Shape(
        "object_deep",
        "objects and lists within each other",
        ('{"level":{"entries":[{"value":1.50},{"other":true}]}}', '{"level":{}}'),
        ('{"level":{"x":1}}', '{"level":{"entries":[{"value":"1"}]}}'),
        "30 levels at most",
    ),
    Shape("by_reference", "`$ref`", ('"#00ff00"', '"#123456"'), ('"green"', '"#00ff00\\n"')),
    Shape(
        "all_of",
        "`allOf`",
        ('{"width":2,"weight":0.5}', '{"width":1,"weight":0}'),
        ('{"width":2}', '{"width":0,"weight":1}'),
    ),
    Shape("untyped", "no `type`", ('{"a":[1.5,"1.5",null]}', '"a"', "1.5", "false", "[]"), (), "any JSON value"),
    Shape("list_of_untyped", "`items: {}`", ('[1,"1",{"a":null}]', "[null]"), ('{"a":1}',)),
    Shape("deprecated", "`deprecated`, `example`, `description`", ('"a"', '"b"'), ("1",), "in the reference only"),
    Shape("constructor", "names that JavaScript objects inherit", ('"a"', '"b"'), ("1",)),
    Shape("toString", "the same, with a rule", ("1", "2"), ("-1", '"1"')),
    Shape("a/b~c d", "names with `/`, `~` and spaces", ('"a"', '"b"'), ("1",), "in a JSON Pointer: `a~1b~0c d`"),
)

INTRODUCTION = """\
# What a field can be

Made by `python -m tests.contracts.shapes` from `tests/contracts/shapes.yaml`, a contract with every shape of field that the
service supports. Each row is tested: created, read, replaced, changed by a PATCH, listed, and refused where it is invalid
(`tests/api/test_shapes.py`). `crudctl package` refuses everything else, with the place and the reason.

| feature | schema | valid, for example | refused with 400 | note |
| --- | --- | --- | --- | --- |
"""

REFUSED = """
## Refused by `crudctl package`

| feature | reason |
| --- | --- |
"""

OTHERS = (
    ("`default` of a field", rules.OUTSIDE_PARAMETERS),
    ("`readOnly` of a field", "the service sets only id, version, created_at and updated_at, and what is in the trash"),
    (
        "a property of the resource that clients do not send",
        "the same; a response has what is sent and what the service sets, and the service adds nothing else",
    ),
    ("links to operations and parameters that do not exist", "a generator of requests would follow them"),
    ("`x-sunset` before `x-deprecated-at`, or either without `deprecated`", "the headers would contradict each other"),
    ("other formats", f"the functions know {', '.join(rules.FORMATS)}"),
    (
        "a keyword of another type",
        "such as `minLength` of a number: it has no effect, so that something else was meant",
    ),
    ("`enum` of an object or a list", "a form cannot show it, and a merge patch sends only a part of it"),
    ("`nullable` without `type`", "it has no effect in OpenAPI 3.0; a field without type takes null"),
    ("a keyword beside `$ref`", "OpenAPI 3.0 ignores it; put the reference into an `allOf`"),
    (
        "an `allOf` whose parts contradict each other",
        "they are merged into one schema, which then would mean something else",
    ),
    ("a schema that refers to itself", "the gateway's model, the table and the form need an end"),
    ("bounds that no value satisfies", "every request would be refused"),
    ("an `enum`, `default` of a parameter or `example` that its own schema refuses", "one of the two is wrong"),
    ("`__proto__` and `$ref` as names of properties", "JavaScript and API Gateway take them for something else"),
    (f"more than {operations.MOST_FIELDS} fields", "a PUT changes all of them in one update, of 300 operators at most"),
    ("names of more than 255 characters, and more than 30 levels", "limits of DynamoDB"),
    (f"fields named {', '.join(operations.RESERVED)}", "the service stores its own attributes under these names"),
)

PATTERNS = """
## Patterns

A `pattern` is of [ECMA-262](https://262.ecma-international.org/14.0/#sec-patterns) with the flag `u`, as OpenAPI and JSON Schema
say. Browsers run it as it is. For the functions, `crudctl package` translates it to an equivalent Python expression. So `$` is
the very end, `\\d` and `\\w` are ASCII, `\\s` is Unicode's white space, and `(?<name>…)` is a named group. Python's own `(?i)`,
`(?P<name>…)`, `\\A` and `\\Z` are refused. So is what has no equivalent: `\\p{…}`, a lookbehind of varying length, a back
reference across a repetition. So is `(a+)+`, with which one request can block a function; `(?:-[a-z]+)*` is accepted, since each
turn begins with a character of its own.
"""


def document() -> dict[str, Any]:
    """The contract of the shapes, as parsed YAML."""
    return contract.parse(PATH)


def flow(node: Any) -> str:
    """Return a part of the contract as YAML on one line."""
    if isinstance(node, dict):
        return "{ " + ", ".join(f"{name}: {flow(inner)}" for name, inner in node.items()) + " }" if node else "{}"
    if isinstance(node, list):
        return "[" + ", ".join(map(flow, node)) + "]"
    if (
        isinstance(node, str)
        and re.fullmatch("[A-Za-z][A-Za-z0-9 ._-]*", node)
        and node not in ("true", "false", "null")
    ):
        return node
    return f"'{node}'" if isinstance(node, str) else json.dumps(node)


def page() -> str:
    """Return the text of docs/contract.md."""
    fields = document()["components"]["schemas"]["Sample"]["properties"]
    rows = [
        f"| {shape.feature} | `{_cell(flow(fields[shape.field]))}` | {_values(shape.valid)} | {_values(shape.invalid)} "
        f"| {shape.note} |\n"
        for shape in SHAPES
    ]
    refused = [(f"`{keyword}`", reason) for keyword, reason in rules.REFUSED.items()]
    reasons = [f"| {feature} | {reason} |\n" for feature, reason in (*refused, *OTHERS)]
    return INTRODUCTION + "".join(rows) + REFUSED + "".join(reasons) + PATTERNS


def _values(texts: tuple[str, ...]) -> str:
    shown = [text if len(text) <= 42 else f"{text[:20]}…{text[-8:]}" for text in texts]
    return ", ".join(f"`{_cell(text)}`" for text in shown)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
