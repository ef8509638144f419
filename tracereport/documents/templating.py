"""The one Jinja environment, and the one place where text of the log enters the syntax of HTML, Markdown and scripts.

HTML is escaped by Jinja itself; a Markdown template passes what comes from a log through ``code`` or ``prose``, in a
table also through ``cell``; data of a script goes through ``json_script``. The advice is written once, as Markdown:
``render_advice`` gives it for the summary, ``render_advice_html`` for the page.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tracereport.documents.idiom import list_templates, read_known
from tracereport.documents.template_cache import TemplateCache
from tracereport.model import Finding
from tracereport.sections.charts.templates import templates_dir
from tracereport.sections.interface import nothing_judged
from tracereport.wording import changes, differences, phrases, scope, sentences, units

_MARKDOWN_NAME_WIDTH = 80
_SKETCH_NAME_WIDTH = 60
_WORD = re.compile(r"([(\"']*)(\S*?)([)\"'.,:;!?]*)(?!\S)")
_PLAIN_WORD = re.compile(r"[+-]?[^\W_]+(?:[-+',.%][^\W_]+)*%?|[%><=…·→]|->")
_REFERENCE = re.compile(r"(?i)\b(?:[0-9a-f]{7,}|gh-[0-9]+)\b|www\.")
"""What GitHub would make a link of: hashes of commits, ``GH-1``, addresses."""
_FENCE = re.compile(r"^```[a-z]*$", re.MULTILINE)


@cache
def environment() -> Environment:
    """The environment of every template: HTML escapes itself, and a name that isn't given is an error."""
    made = Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=select_autoescape(("html", "svg"), default=False),
        undefined=StrictUndefined,
        bytecode_cache=TemplateCache(settings=Path(__file__).read_text(encoding="utf-8")),
        optimized=False,  # nothing of what a filter does today is compiled into a template
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rooms = vars(phrases) | vars(units)
    formats = {name: function for name, function in rooms.items() if name.startswith("format_")}
    made.filters |= formats | {
        "code": code,
        "cell": cell,
        "prose": prose,
        "sketch": sketch,
        "headline": lambda finding: sentences.describe_finding(finding, code),
        "extent": lambda finding: sentences.describe_extent(finding, code),
        "worth": sentences.describe_worth,
        "written": sentences.name_written,
        "page_headline": changes.describe_headline,
        "spent": sentences.describe_spent,
        "saved_time": sentences.describe_saved_time,
        "pairs_in_words": lambda pairs: sentences.describe_pairs(pairs, code),
        "scope": scope.describe_scope,
        "asked": scope.describe_asked,
        "traced_time": scope.describe_traced_time,
        "unknown_trees": scope.explain_unknown_trees,
        "unjudged": scope.describe_unjudged,
        "used": scope.describe_used,
        "selection_in_words": lambda selection: scope.describe_selection(selection, code),
        "first_advice": first_advice,
        "rest_of_advice": lambda finding: render_advice(finding).partition("\n\n")[2].rstrip("\n"),
        "at_place": lambda place: f" at {code(place)}" if place is not None else "",
        "caller_in_words": lambda caller: sentences.describe_caller(caller, code),
        "caller_in_sketch": lambda caller: sketch(units.format_caller(caller)),
        "spell_count": sentences.spell_count,
        "json_text": lambda value: msgspec.json.encode(value).decode(),
        "escape_controls": units.escape_controls,
        "elide_middle": units.elide_middle,
    }
    made.globals |= formats | {
        "nothing_judged": nothing_judged,
        "describe_values": differences.describe_values,
        "describe_places": differences.describe_places,
        "code": code,
    }
    return made


def render_template(name: str, **context: Any) -> str:  # noqa: ANN401 - what a template is given is its own business
    """The document that the named template makes of its context."""
    return environment().get_template(name).render(**context)


# Markdown


def code(text: str, width: int = _MARKDOWN_NAME_WIDTH) -> str:
    """Text of the log as a Markdown code span: nothing in it is a link, a mention, HTML or an end of the span.

    GitHub leaves ``@name``, ``#123`` and hashes alone inside of code.
    """
    shown = units.elide_middle(units.escape_controls(text), width)
    if not shown.strip():
        return f"`'{shown}'`"
    longest_run = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest_run + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(markdown: str) -> str:
    """Markdown for the inside of a table, whose columns a bare ``|`` would part, even one inside of code."""
    return markdown.replace("|", "\\|")


def prose(text: str) -> str:
    """A sentence of the report in Markdown: every word that isn't plain stands as code, and so do names in backticks.

    Escaping alone wouldn't do: GitHub looks for mentions, issues and commits in the text that is left after it.
    """
    spans = units.escape_controls(text).split("`")
    return "".join(
        code(span) if index % 2 and index < len(spans) - 1 else _WORD.sub(_plain_or_code, span)
        for index, span in enumerate(spans)
    )


def _plain_or_code(match: re.Match[str]) -> str:
    opening, word, closing = match.groups()
    if not word or (_PLAIN_WORD.fullmatch(word) and not _REFERENCE.search(word)):
        return match[0]
    return f"{opening}{code(word)}{closing}"


def sketch(text: str) -> str:
    """A name of the log inside of a fenced block of code: one line that can't close the fence."""
    return units.elide_middle(units.escape_controls(text), _SKETCH_NAME_WIDTH).replace("`", "'")


# HTML


def json_script(value: object) -> Markup:
    """JSON for the inside of a script element: no text in it can end the element or open a comment."""
    encoded = msgspec.json.encode(value).decode()
    for character in "<>&\u2028\u2029":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return Markup(encoded)  # noqa: S704 - escaped for this very place above


# Advice


def render_advice(finding: Finding) -> str:
    """What the finding is, when it is no problem, how to fix it and how to verify that: Markdown.

    The first line is the fix in a sentence.
    """
    known = read_known(finding)
    names = list_templates(finding, known)
    template = environment().select_template(names)
    wrapped = template.render(finding=finding, known=known, base=names[-1])
    return "\n\n".join(map(_unwrap, re.split(r"\n{2,}", wrapped.strip()))) + "\n"


def _unwrap(block: str) -> str:
    """A paragraph in one line, since GitHub's comments keep every line break; a block of code as it is."""
    return block if _FENCE.search(block) else " ".join(block.splitlines())


def render_advice_html(finding: Finding) -> Markup:
    """The advice as HTML; HTML inside of it stays text."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only the page needs it

    markdown = MarkdownIt("commonmark", {"html": False})
    return Markup(markdown.render(render_advice(finding)))  # noqa: S704 - markdown-it escapes with html off


def first_advice(finding: Finding) -> str:
    """The fix in a sentence, as Markdown."""
    return render_advice(finding).partition("\n")[0]
