"""Statements of Rails -> codes of the tables of calls. Texts that come again are read once."""

import re
from typing import Final

import msgspec

from tracereport.calls.calls import CallKind, Phase
from tracereport.calls.lookup_text import ODD_LOOKUP, encode_lookup
from tracereport.calls.tables import CallTables, Params
from tracereport.sources.rails.grammar import join_plain_binds, read_binds, read_place, split_binds
from tracereport.sources.statements import read_statement, split_last_comment

VIA: Final = "rails"
_QUIET: Final = frozenset({"SCHEMA", "TRANSACTION", "EXPLAIN"})
"""Names of statements that ask nothing for the program."""
_BOOKKEEPING: Final = re.compile(
    r"schema_migrations|ar_internal_metadata|pg_catalog|information_schema|sqlite_master|sqlite_version\(|PRAGMA|"
    r"SELECT VERSION\(\)"
)
_SETUP: Final = re.compile(r"db/(?:seeds|migrate|schema)\b")
_MOST_KNOWN: Final = 1 << 14
"""So many questions are known again by their text: where values hardly ever come again, more would only take memory."""


class Form(msgspec.Struct, frozen=True, eq=False):
    """A statement without the values that stand behind it."""

    kind: CallKind
    writes: str | None
    function: str
    params: Params
    """The statement, and the values that stand in it."""
    text: str
    """How the text of its lookups begins."""
    places: int
    """How many values stand behind it."""
    is_cut: bool

    def is_known_with(self, count: int) -> bool:
        """Whether so many values are all that count."""
        return (not self.is_cut and count >= self.places) or self.kind != "question"


Question = tuple[Form, int, bool]
"""A statement with its values: its form, the code of its lookup, and whether the values that count were recorded."""


class StatementCodes:
    """Codes statements for one set of tables."""

    def __init__(self, tables: CallTables) -> None:
        self._tables = tables
        self._forms: dict[tuple[str, str], Form] = {}
        self._questions: dict[tuple[str, str], Question] = {}
        self._origins: dict[tuple[Form, str | None, bool, str | None], tuple[int, int]] = {}

    def code_question(self, name: str, text: str) -> Question:
        """What is asked: ``name`` is ``User Load``, ``text`` the statement with its values behind it."""
        question = self._questions.get((name, text))
        if question is None:
            question = self._read_question(name, text)
            if len(self._questions) < _MOST_KNOWN:
                self._questions[name, text] = question
        return question

    def code_origin(self, form: Form, place: str | None, action: str | None, *, is_cached: bool) -> tuple[int, int]:
        """The codes of origin and caller.

        Args:
            form: what is asked.
            place: where in the source.
            action: that it belongs to.
            is_cached: whether the query cache answered.
        """
        key = (form, place, is_cached, action)
        codes = self._origins.get(key)
        if codes is None:
            caller, at = read_place(place) if place is not None else (None, None)
            phase: Phase = "setup" if at is not None and _SETUP.match(at) else ""
            origin = self._tables.code_origin(
                kind=form.kind,
                answer="cached" if is_cached else "",
                phase=phase,
                at=at,
                via=VIA,
                writes=form.writes,
            )
            codes = self._origins[key] = (origin, self._tables.code_name(caller or action))
        return codes

    def _read_question(self, name: str, text: str) -> Question:
        sql, bound = split_binds(text)
        form = self._forms.get((name, sql))
        if form is None:
            form = self._forms[name, sql] = _read_form(name, sql)
        plain = join_plain_binds(bound) if bound else ("", 0)
        if plain is not None and not form.text.startswith(ODD_LOOKUP):
            joined, count = plain
            is_known = form.is_known_with(count)
            return form, self._tables.code_text(form.text + joined, form.function, values_known=is_known), is_known
        binds, is_whole = read_binds(bound)
        is_known = form.is_known_with(len(binds)) and (is_whole or form.kind != "question")
        return form, self._tables.code_lookup(form.function, form.params + binds, values_known=is_known), is_known


def _read_form(name: str, sql: str) -> Form:
    statement = read_statement(split_last_comment(sql)[0])
    is_quiet = name in _QUIET or _BOOKKEEPING.search(sql) is not None
    function = name if name not in ("", "SQL") and not is_quiet else statement.name
    return Form(
        kind="frame" if is_quiet else statement.kind,
        writes=statement.writes,
        function=function,
        text=encode_lookup(function, statement.params),
        params=statement.params,
        places=statement.places,
        is_cut=statement.is_cut,
    )
