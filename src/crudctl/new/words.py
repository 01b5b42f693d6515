"""The words for a resource in every form that a project writes them, and which words cannot be chosen. Knows no file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crudctl import naming
from crudctl.build.service import NAME, Service
from crudctl.console import Failed

FORM = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[ _-]+[A-Za-z][A-Za-z0-9]*)*")
# Words that the service uses for something of its own, in names of functions, metrics and problems or throughout its texts.
OWN_WORDS = frozenset(
    ("id", "owner", "version", "etag", "cursor", "page", "problem", "fault", "error", "release", "rollback", "canary", "probe",
     "resource", "field", "function", "operation")
)  # fmt: skip
# Words that the texts use in their ordinary sense too: they can name a resource, but not one whose texts are rewritten again.
ORDINARY_WORDS = frozenset(
    ("account", "alarm", "api", "app", "attribute", "body", "budget", "call", "change", "check", "client", "command", "contract",
     "cost", "data", "day", "deploy", "environment", "event", "example", "file", "folder", "form", "header", "hour", "index",
     "key", "limit", "line", "list", "log", "machine", "message", "method", "metric", "minute", "month", "name", "number",
     "object", "parameter", "path", "permission", "plan", "policy", "pool", "price", "project", "property", "record", "region",
     "report", "request", "response", "role", "row", "rule", "schema", "scope", "second", "secret", "service", "session",
     "setting", "stack", "stage", "state", "step", "string", "table", "tag", "test", "time", "title", "token", "tool", "trace",
     "type", "user", "value", "word")
)  # fmt: skip
LETTER_NAMES = "aefhilmnorsx"  # whose names begin with a vowel: an S3 bucket, an HTML page
SPELLED = ("ngo", "nda", "mri", "mba", "faq", "led", "sla", "slo")  # letter by letter, as words without a vowel are
# Begin with another sound than their letter: unit, URL, ukulele, one-off.
YOU_AND_ONE = re.compile(
    "uni(?![mn])|us[aeu]|ut[ei]|ubi|uku|ur[ai]|(?!urn|us$|up$)u(?:[^aeiouy]{1,2}|i|uid)$|eu|one|once"
)
SILENT = ("hour", "heir", "honor", "honour", "honest")


@dataclass(frozen=True)
class Words:
    """A resource, in words.

    Attributes:
        singular, plural: in a sentence, such as `purchase order` and `purchase orders`.
        collection: path segment, such as `purchase-orders`.
        page: property of a page, such as `purchase_orders`.
        schema: such as `PurchaseOrder`.
        title: of the API, such as `Purchase orders`.
    """

    singular: str
    plural: str
    collection: str
    page: str
    schema: str
    title: str

    @property
    def snake(self) -> str:
        """The singular as part of an operationId, such as `purchase_order`."""
        return re.sub("[ -]", "_", self.singular)

    @property
    def plural_snake(self) -> str:
        """The plural as part of an operationId, such as `purchase_orders`."""
        return re.sub("[ -]", "_", self.plural)


def of(service: Service) -> Words:
    """Return the words that a contract uses."""
    found = service
    return Words(found.singular, found.plural, found.collection, found.page, found.schema, found.title)


def chosen(resource: str, plural: str | None) -> Words:
    """Return the words for a new resource.

    Args:
        resource: the singular, such as `order`, `purchase order`, `purchase-order` or `PurchaseOrder`.
        plural: where it is not regular, such as `people`.

    Raises:
        Failed: A word cannot be used, with the reason.
    """
    one = _words(resource, "--resource")
    many = _words(plural, "--plural") if plural else plural_of(one)
    for word in (one, many):
        if word in OWN_WORDS or word.removesuffix("s") in OWN_WORDS:
            raise Failed(
                f"The service itself uses the word '{word}', so a resource cannot be called that.",
                f"Choose another word, or two, such as --resource 'order {one}'.",
            )
    for operation in (f"create_{one}", f"restore_{one}", f"list_{many}"):
        name = operation.replace(" ", "_")
        if not NAME.fullmatch(name):
            raise Failed(
                f"The operation {name} would have {len(name)} characters; 32 are allowed.", "Choose a shorter word."
            )
    camel = "".join(word[0].upper() + word[1:] for word in one.split())
    return Words(one, many, many.replace(" ", "-"), many.replace(" ", "_"), camel, many[0].upper() + many[1:])


def check_base(old: Words) -> None:
    """Raise Failed if texts about a resource of these words cannot be rewritten: they mean something else there too."""
    if {old.singular, old.plural, old.plural.removesuffix("s")} & (ORDINARY_WORDS | OWN_WORDS):
        why = "is also an ordinary word of its documentation"
    elif old.singular == old.plural:
        why = "has the same word for one and for many"
    else:
        return
    raise Failed(
        f"This project's resource, {old.singular}, {why}, so its texts cannot be rewritten.",
        "Run `crudctl new` in the original project.",
    )


def service_name(name: str | None, words: Words) -> str:
    """Return the name that every resource on AWS begins with: `name`, or else the collection. Raise Failed if it is invalid."""
    value = name or words.collection
    if reason := naming.fault(value):
        raise Failed(f"The service's name '{value}' {reason}.", "Choose one with --name.")
    return value


def region(value: str, known: Iterable[str]) -> str:
    """Return `value` if it is among the regions that are `known`. Raise Failed otherwise."""
    if reason := naming.region_fault(value):
        raise Failed(f"The region '{value}' {reason}.")
    names = sorted(known)
    if value not in names:
        alike = [name for name in names if name[:3] == value[:3]] or names
        raise Failed(f"AWS has no region '{value}'.", f"Choose one of: {', '.join(alike)}.")
    return value


def plural_of(singular: str) -> str:
    """Return the regular English plural: orders, boxes, categories, purchase orders."""
    if re.search("[^aeiou]y$", singular):
        return singular[:-1] + "ies"
    return singular + ("es" if re.search("(s|x|z|ch|sh)$", singular) else "s")


def article(word: str) -> str:
    """Return `a` or `an`, as the sound of an English word's beginning asks for."""
    first = re.split(r"[\s_-]", word.lower())[0]
    if len(first) == 1 or first.rstrip("s") in SPELLED or not re.search("[aeiouy]", first):
        return "an" if first[0] in LETTER_NAMES else "a"
    vowel = first.startswith(SILENT) or (first[0] in "aeiou" and not YOU_AND_ONE.match(first))
    return "an" if vowel else "a"


def _words(text: str, option: str) -> str:
    """Return `text` as lower-case words with single spaces between them."""
    if not FORM.fullmatch(text.strip()):
        raise Failed(
            f"'{text}' cannot name a resource.",
            f"Use English letters and digits, a letter first, and spaces or hyphens between words: {option} 'purchase order'.",
        )
    parts = re.sub("(?<=[a-z0-9])(?=[A-Z])", " ", text.strip())
    return " ".join(re.split("[ _-]+", parts)).lower()
