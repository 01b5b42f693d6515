"""Rewrites texts from one resource's words to another's: prose with its articles, code in Markdown, names. Knows no file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crudctl.new.words import Words, article

FENCE = re.compile(r"^([ \t]*)(```|~~~).*?^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
# Inline code, the target of a link, an HTML tag: what is not prose in a line of Markdown.
PARTS = re.compile(r"(?P<code>``[^\n]+?``|`[^`]+`)|(?P<target>(?<=\]\()[^)\s]+)|(?P<tag></?[a-z][^>\n]*>)")
ENVIRONMENT = r"(?=-(?:<|\$|\{|%|ENV\b|env\b|local\b|test\b|prod\b|ci\b|web\b))"
# What JSON Schema and DynamoDB call by the same word is theirs.
OTHERS_BEFORE = re.compile(r"(?:JSON Schema|DynamoDB)(?:'s)?(?:\s+own)?\s+$")
OTHERS_AFTER = re.compile(r"(?: is)?(?: also)? (?:JSON Schema|DynamoDB)'s")
SCHEMA_KEYWORDS = re.compile("minItems|maxItems|uniqueItems|additionalProperties|patternProperties")
# A block of its own, with the blank line after it, or a part of a paragraph, with the space before it.
LEFT_OUT = re.compile(
    r"(?m)^<!-- only in the original -->$.*?^<!-- end -->\n\n?|\s*<!-- only in the original -->.*?<!-- end -->",
    re.DOTALL,
)


@dataclass(frozen=True)
class Renaming:
    """From the words and names of one project to those of another.

    Attributes:
        old, new: the resource.
        names: of the service, old and new.
        operations: old operationIds and the new ones.
        components: old names of schemas, parameters, … that contain the resource, and the new ones.
        folders: first segments of the project's own paths, such as `src`; what lies there keeps its name.
        files: names of the project's files and folders.
        fields: names of fields and parameters, which are no mention of the resource.
    """

    old: Words
    new: Words
    names: tuple[str, str]
    operations: Mapping[str, str]
    components: Mapping[str, str]
    folders: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()

    def markdown(self, text: str) -> str:
        """Return a page of Markdown that speaks of the new resource; blocks marked as the original's own are left out."""
        text, done, at = LEFT_OUT.sub("", text), "", 0
        for fence in FENCE.finditer(text):
            done += self.sentence(text[at : fence.start()]) + self.code(fence[0])
            at = fence.end()
        return done + self.sentence(text[at:])

    def sentence(self, text: str) -> str:
        """Return prose, with Markdown within paragraphs, that speaks of the new resource."""
        done, at = "", 0
        for part in PARTS.finditer(text):
            done += self._replace(text[at : part.start()], code=False)
            new = self._part(part, text, done)
            if part["code"] and new != part[0]:
                done = _with_article(done, new.strip("`"))
            done, at = done + new, part.end()
        return done + self._replace(text[at:], code=False)

    def code(self, text: str) -> str:
        """Return a command, a path or another piece of code that speaks of the new resource, its comments included."""
        return self._replace(text, code=True)

    def name_only(self, text: str) -> str:
        """Return `text` with the service's name replaced where it begins a name on AWS, and nothing else."""
        return re.sub(rf"(?<![\w.-]){re.escape(self.names[0])}{ENVIRONMENT}", self.names[1], text)

    def _part(self, part: re.Match[str], text: str, before: str) -> str:
        if part["target"]:
            page, mark, anchor = part[0].partition("#")
            return (
                page + mark + self._replace(anchor.replace("-", " "), code=False).replace(" ", "-") if mark else part[0]
            )
        if part["tag"]:
            return part[0]
        inner, tick = part[0].strip("`"), part[0][: len(part[0]) - len(part[0].lstrip("`"))]
        line = text[text.rfind("\n", 0, part.start()) + 1 : (text + "\n").find("\n", part.end())]
        named = inner in self.fields or inner.rstrip("/") in self.files
        keyword = inner == "items" and SCHEMA_KEYWORDS.search(line)
        others = OTHERS_BEFORE.search(before) or OTHERS_AFTER.match(text, part.end())
        return part[0] if named or keyword or others else tick + self.code(inner) + tick

    def _replace(self, text: str, *, code: bool) -> str:
        def replaced(match: re.Match[str]) -> str:
            kind = match.lastgroup or ""
            if kind == "keep":
                return match[0]
            if kind == "name":
                return self.names[1]
            if kind == "operation":
                return self._operation(match[0])
            if kind == "component":
                return self.components[match[0]]
            if kind == "collection":
                return self.new.collection
            if kind == "page":
                return self.new.page
            return self._word(match, code=code)

        return self._pattern().sub(replaced, text)

    def _operation(self, name: str) -> str:
        """Return the new name of an operation of the contract, or of one that a text shows as an example."""
        verb = name.removesuffix(f"_{self.old.plural_snake}")
        if verb != name:
            return f"{verb}_{self.new.plural_snake}"
        return f"{name.removesuffix(f'_{self.old.snake}')}_{self.new.snake}"

    def _word(self, match: re.Match[str], *, code: bool) -> str:
        before, word = match["article"] or "", match["word"]
        flat = re.sub(r"\s+", " ", word)
        if code and flat == self.old.schema and not before:
            return self.new.schema
        new = self.new.singular if flat.lower() == self.old.singular.lower() else self.new.plural
        if flat == self.old.title and flat[0].isupper():
            new = self.new.title
        elif flat[0].isupper():
            new = new[0].upper() + new[1:]
        own = match["own"] or ""
        quoted = own == "'" and match.string[match.start() - 1 : match.start()] == "'"
        return _with_article(before, new) + new + (_possessive(new) if own and not code and not quoted else own)

    def _pattern(self) -> re.Pattern[str]:
        old = self.old
        forms = {old.singular, old.plural, old.schema, old.title, old.title.lower()}
        forms |= {form[0].upper() + form[1:] for form in (old.singular, old.plural)}
        words = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in sorted(forms, key=len, reverse=True))
        every = "|".join(re.escape(word) for word in {old.singular, old.plural})
        folders = "|".join(map(re.escape, sorted(self.folders))) or "(?!)"
        keep = [
            rf"(?<![\w/])(?:\.{{1,2}}/)*(?:{folders})/[\w./*-]*",  # a path of the project
            r"--[a-z][\w-]*",  # an option
            rf"\b(?:{every})=",  # a query parameter
            rf"DynamoDB(?:'s)?(?:\s+own)?\s+(?:{words})\b",
            r"\b[Ii]n\s+order\b",
        ]
        kinds = [
            ("keep", "|".join(keep)),
            ("name", rf'(?<![\w.-]){re.escape(self.names[0])}{ENVIRONMENT}|(?<="name": "){re.escape(self.names[0])}(?=")'),
            ("operation", rf"(?<![A-Za-z0-9_./])[a-z]+_(?:{old.snake}|{old.plural_snake})(?![A-Za-z0-9_]|\.\w)"),
            ("component", _exactly(self.components)),
            ("collection", rf"(?<=urn:){re.escape(old.collection)}(?=:)|(?<![\w./-]){re.escape(old.collection)}(?=/[\w{{$])"
                           rf"|(?<=[/-]){re.escape(old.collection)}(?![\w.-])"),
            ("page", rf'(?<="){re.escape(old.page)}(?="\s*:)|(?<=\.){re.escape(old.page)}(?![\w(-])'),
        ]  # fmt: skip
        named = "|".join(f"(?P<{kind}>{form})" for kind, form in kinds if form)
        own, end = r"(?P<own>'s(?!\w)|(?<=s)'(?!\w))?", r"(?!\w|\.\w|-\w+\.\w|/$)"
        plain = rf"(?P<article>\b[Aa]n?\s+[*_]{{0,2}})?(?<![\w./$#-])(?P<word>{words}){own}{end}"
        return re.compile(f"{named}|{plain}")


def _with_article(before: str, word: str) -> str:
    """Return `before`, whose article at its end, if it has one, suits `word`."""
    found = re.search(r"\b([Aa])n?(\s+[*_]{0,2})$", before)
    if not found or not word[:1].isalpha():
        return before
    return before[: found.start()] + found[1] + article(word)[1:] + found[2]


def _possessive(word: str) -> str:
    """Return what follows a word that owns something: the orders' fields, the people's fields."""
    return "'" if word.endswith("s") else "'s"


def _exactly(names: Mapping[str, str]) -> str:
    """Return a pattern of the names as whole words; empty without names."""
    return "|".join(
        rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])" for name in sorted(names, key=len, reverse=True)
    )
