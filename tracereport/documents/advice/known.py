"""What a finding tells of the program's own names: the hook that traced it, the model, the relation, the column.

Nothing is said that the log doesn't: which column is asked for where the statement shows one, which relation where the
hook has named it.
"""

import re
from typing import Final

import msgspec

from tracereport.model import Finding

_VIA: Final = re.compile(r"([a-z0-9][a-z0-9-]*)(?::((?:\w+\.\w+/)*)(\w+)(?:\.(\w+)(\[\])?)?)?\Z")
"""The hook's name, and the model of which a row is loaded once more, or its relation that is; ``[]``: many rows.

Before it stand the relations by which that row was found."""
_PLACE: Final = r"(?:\?|%s|\$\d+|:\w+|%\(\w+\)s|@\w+)"
_EQUALS: Final = re.compile(rf"([\w.\"`\[\]]+)\s*=\s*{_PLACE}(?![\w(])|{_PLACE}\s*=\s*([\w.\"`\[\]]+)", re.IGNORECASE)
_ONE_PLACE: Final = re.compile(_PLACE)
_QUOTE: Final = re.compile("'")
_NOT_VALUES: Final = frozenset({"sql", "database", "schema", "table"})
_DIGITS: Final = 4
_WHERE: Final = re.compile(r"\bwhere\b", re.IGNORECASE)
_NAME: Final = re.compile(r"\w+\Z")
_AGGREGATE: Final = re.compile(
    r"\s*select\s+(count|sum|min|max|avg)\s*\((?!.*\bgroup\s+by\b)", re.IGNORECASE | re.DOTALL
)
_OF_MODEL: Final = re.compile(r"([A-Z]\w*(?:::[A-Z]\w*)*) (Load|Create|Update|Destroy)\Z")
"""What Rails calls the statements that load and write a model's rows."""
_VERBS: Final = {"Create": "insert", "Update": "update", "Destroy": "delete"}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the advice may name; null for what isn't known."""

    hook: str | None = None
    relation: str | None = None
    """``Author.books``; its parts are ``model`` and ``attribute``."""
    found_by: tuple[str, ...] = ()
    """The relations by which the model's rows were found, from those that the query asks for on; the relation itself
    where rows of one model lead to one another."""
    model: str | None = None
    attribute: str | None = None
    is_many: bool = False
    column: str | None = None
    """The column that the statement compares with what differs from call to call."""
    aggregate: str | None = None
    """``count``, ``sum``, ``min``, ``max`` or ``avg``, where the statement gives that of some rows, and no row."""
    verb: str | None = None
    """``insert``, ``update`` or ``delete``."""
    place: str | None = None
    """``path:line`` of the most calls."""


def read_known(finding: Finding) -> Known:
    """What a finding tells of itself."""
    readings = {found.groups() for via in finding.via if (found := _VIA.match(via)) is not None}
    hooks = {reading[0] for reading in readings}
    if len(hooks) != 1 or any(_VIA.match(via) is None for via in finding.via):
        return Known(place=_find_place(finding))
    of_model = _OF_MODEL.match(finding.function)
    verb = _VERBS.get(of_model[2]) if of_model else finding.function.partition(" ")[0].lower()
    known = Known(
        hook=hooks.pop(),
        model=of_model[1] if of_model else None,
        column=_find_column(finding),
        aggregate=_find_aggregate(finding),
        verb=verb if verb in _VERBS.values() else None,
        place=_find_place(finding),
    )
    paths, relations = {reading[1] for reading in readings}, {reading[2:] for reading in readings}
    if len(relations) != 1:  # several relations, or one that is loaded in other ways as well
        return known
    model, attribute, many = relations.pop()
    if attribute is None:
        return known if model is None else msgspec.structs.replace(known, model=model)
    itself = f"{model}.{attribute}/"
    path = paths.pop() if len(paths) == 1 else itself if itself in paths else ""
    return msgspec.structs.replace(
        known,
        relation=f"{model}.{attribute}",
        found_by=tuple(path.rstrip("/").split("/")) if path else (),
        model=model,
        attribute=attribute,
        is_many=many is not None,
    )


def _find_place(finding: Finding) -> str | None:
    return finding.at.rows[0].at if finding.at.rows else None


def _find_column(finding: Finding) -> str | None:
    """The name of the column, bare, that the evidence's statement compares with the value that varies."""
    statement = _find_statement(finding)
    if statement is None:
        return None
    _, *conditions = _WHERE.split(statement)
    found = [*_EQUALS.finditer(conditions[0])] if len(conditions) == 1 else []
    if len(found) > 1:
        found = [each for each in found if _takes_what_varies(finding, statement, each)]
    name = (found[0][1] or found[0][2]).rpartition(".")[2].strip('"`[]') if len(found) == 1 else ""
    return name if _NAME.match(name) else None


def _takes_what_varies(finding: Finding, statement: str, condition: re.Match[str]) -> bool:
    """Whether a condition holds the placeholder of the parameter that varies, by its name or its place."""
    if len(finding.varying_params) != 1 or _QUOTE.search(statement):
        return False
    place = _ONE_PLACE.search(condition[0])
    own = "" if place is None else place[0].strip("%():$@?").removesuffix(")s")
    names = [name for name in finding.param_names if name not in _NOT_VALUES]
    if own.isascii() and own.isdigit() and len(own) < _DIGITS:
        return names[int(own) - 1 : int(own)] == [finding.varying_params[0]]
    if own not in ("", "s"):
        return own == finding.varying_params[0]
    if len(_ONE_PLACE.findall(statement)) != len(names):
        return False
    before = len(_ONE_PLACE.findall(statement[: statement.rindex(condition.string) + condition.start()]))
    return names[before : before + 1] == [finding.varying_params[0]]


def _find_aggregate(finding: Finding) -> str | None:
    found = _AGGREGATE.match(_find_statement(finding) or "")
    return found[1].lower() if found is not None else None


def _find_statement(finding: Finding) -> str | None:
    """The evidence's statement, where it is one."""
    statements = {param.value for call in finding.evidence.rows for param in call.params if param.name == "sql"}
    return statements.pop() if len(statements) == 1 else None
