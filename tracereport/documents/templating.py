"""The one Jinja environment, and the one place where text of the log enters the syntax of HTML and scripts.

HTML is escaped by Jinja itself; a Markdown template passes what comes from a log through the filters of
``markdown_text``; data of a script goes through ``json_script``.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tracereport.documents.advice import first_advice, render_advice
from tracereport.documents.markdown_text import cell, code, prose
from tracereport.documents.template_cache import TemplateCache
from tracereport.model import Finding
from tracereport.sections.charts.templates import templates_dir
from tracereport.sections.interface import nothing_judged
from tracereport.wording import changes, differences, phrases, scope, sentences, units


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
        "headline": lambda finding: sentences.describe_finding(finding, code),
        "doubt": sentences.describe_doubt,
        "extent": lambda finding: sentences.describe_extent(finding, code),
        "worth": sentences.describe_worth,
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
        "caller_in_words": lambda caller: sentences.describe_caller(caller, code),
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


def json_script(value: object) -> Markup:
    """JSON for the inside of a script element: no text in it can end the element or open a comment."""
    encoded = msgspec.json.encode(value).decode()
    for character in "<>&\u2028\u2029":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return Markup(encoded)  # noqa: S704 - escaped for this very place above


def render_advice_html(finding: Finding) -> Markup:
    """The advice as HTML; HTML inside of it stays text."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only the page needs it

    markdown = MarkdownIt("commonmark", {"html": False})
    return Markup(markdown.render(render_advice(finding)))  # noqa: S704 - markdown-it escapes with html off
