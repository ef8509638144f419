"""Statements of Rails -> codes of the tables of calls. Texts that come again are read once."""

import re
from dataclasses import dataclass
from typing import Final

from tracereport.calls.build import CallTables, Params
from tracereport.calls.calls import CallKind, Phase
from tracereport.sources.rails.grammar import read_binds, read_place, split_binds
from tracereport.sources.statements import read_statement, split_last_comment

VIA: Final = "rails"
_QUIET: Final = frozenset({"SCHEMA", "TRANSACTION", "EXPLAIN"})
"""Names of statements that ask nothing for the program."""
_BOOKKEEPING: Final = re.compile(
    r"schema_migrations|ar_internal_metadata|pg_catalog|information_schema|sqlite_master|PRAGMA"
)
_SETUP: Final = re.compile(r"db/(?:seeds|migrate|schema)\b")
_MOST_KNOWN: Final = 1 << 14
"""So many questions are known again by their whole text: where values hardly ever come again, more would only cost memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A statement without the values that stand behind it."""

    kind: CallKind
    writes: str | None
    function: str
    params: Params
    """The statement, and the values that stand in it."""
    places: int
    """How many values stand behind it."""
    is_cut: bool


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A statement with its values."""

    form: Form
    lookup: int
    is_known: bool
    """Whether its values were recorded, as far as it has any that count."""


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

    def code_origin(self, form: Form, place: str | None, around: str | None, *, is_cached: bool) -> tuple[int, int]:
        """The codes of origin and caller.

        Args:
            form: what is asked.
            place: where in the source.
            around: the action or test that it belongs to.
            is_cached: whether the query cache answered.
        """
        key = (form, place, is_cached, around)
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
            codes = self._origins[key] = (origin, self._tables.code_name(caller or around))
        return codes

    def _read_question(self, name: str, text: str) -> Question:
        sql, bound = split_binds(text)
        form = self._forms.get((name, sql))
        if form is None:
            form = self._forms[name, sql] = _read_form(name, sql)
        binds, is_whole = read_binds(bound) if bound else ((), True)
        is_known = (is_whole and not form.is_cut and len(binds) >= form.places) or form.kind != "question"
        lookup = self._tables.code_lookup(form.function, form.params + binds, values_known=is_known)
        return Question(form, lookup, is_known)


def _read_form(name: str, sql: str) -> Form:
    statement = read_statement(split_last_comment(sql)[0])
    is_quiet = name in _QUIET or _BOOKKEEPING.search(sql) is not None
    return Form(
        kind="frame" if is_quiet else statement.kind,
        writes=statement.writes,
        function=name if name not in ("", "SQL") and not is_quiet else statement.name,
        params=statement.params,
        places=statement.places,
        is_cut=statement.is_cut,
    )
