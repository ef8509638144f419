"""Traces what SQLAlchemy asks the database: one call per statement, with its values and its answer.

``pytest --perf-trace`` and ``tracereport run`` switch it on by themselves. By hand::

    from perf_trace.sqlalchemy import trace_statements      # or: from tracereport.emit.sqlalchemy import ...

    trace_statements()          # of every engine, or trace_statements(engine) of one

Each call is named after verb and table (``select orders``); its parameters are the statement's text, the bound values
by name, and from the second one on the database; its result metrics are ``rows`` and, of a read, a ``digest`` of the
rows, and its caller is the first function outside SQLAlchemy. While tracing is off a statement costs a few function
calls more. While it is on, the rows of a read are fetched at once, within the call, unless they are streamed. An engine
with ``hide_parameters`` has its values hashed.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.cursor import CursorFetchStrategy, FullyBufferedCursorFetchStrategy
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.elements import TextClause

from .hooks import extend, is_extended, safely
from .layers import LAYERS, name_layer
from .log import now
from .statements import (
    Databases,
    Session,
    begin_statement,
    describe,
    goes_back,
    hide,
    name_many,
    name_values,
    record_answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .calls import Call
    from .lines import Test
    from .statements import Statement

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_IS_EXECUTING = "_perf_trace_is_executing"
_DATABASE = "_perf_trace_database"
_SESSION = "perf_trace.session"
_LONGEST_PATH = 4
_MACHINERY = ("sqlalchemy", "greenlet", "alembic", "flask_sqlalchemy", *LAYERS)
_BETWEEN = (*_MACHINERY, str(__package__))
_FRAMES_OF_OURS = 4
"""As many at least stand between SQLAlchemy's method and ``_begin``."""
_MEMORY = (None, "", ":memory:")
_databases = Databases()
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


class _Named(NamedTuple):
    """What an engine's database is called as long as this pool serves this test."""

    name: str | None
    pool: ref[Any]
    test: Test


def trace_statements(engine: Engine | type[Engine] = Engine) -> None:
    """Traces the statements of an engine, or of all that there are and will be, each once however often it is called.

    Args:
        engine: the engine; of an ``AsyncEngine`` its ``sync_engine``.
    """
    extend(Connection, "_exec_insertmany_context", _execute_in_batches)  # from SQLAlchemy 2.0 on
    if isinstance(engine, Engine):
        _extend_one(engine.dialect)
        return
    if "__init_subclass__" not in vars(DefaultDialect):
        setattr(DefaultDialect, "__init_subclass__", classmethod(_extend_subclass))  # noqa: B010  # for the type checker
    kinds: list[type] = [DefaultDialect]
    for kind in kinds:
        kinds += kind.__subclasses__()
        _extend_all(kind)


# It isn't SQLAlchemy's events that are listened to: a listener of any takes 3 µs of each statement, traced or not.
def _extend_subclass(kind: Any, /, **options: Any) -> None:  # noqa: ANN401  # whatever its metaclass takes
    super(DefaultDialect, kind).__init_subclass__(**options)
    _extend_all(kind)


def _extend_all(kind: type) -> None:
    for name, around in _EXECUTING.items():
        extend(kind, name, around)


def _extend_one(dialect: Any) -> None:  # noqa: ANN401  # of any database
    for name, around in _EXECUTING.items():
        if name not in vars(dialect):
            setattr(dialect, name, functools.partial(around, getattr(type(dialect), name), dialect))


def _execute(
    execute: Callable[..., None],
    dialect: Any,  # noqa: ANN401  # as above
    cursor: Any,  # noqa: ANN401  # of any driver
    statement: str,
    parameters: Any,  # noqa: ANN401  # a sequence, a mapping, or many of them
    context: Any = None,  # noqa: ANN401  # an execution context, with what dialects and the object-relational part put into it
) -> None:
    # A dialect's method may call that of the class above, or another of its methods: the outermost is the statement.
    if now.log is None or context is None or getattr(context, _IS_EXECUTING, False):
        execute(dialect, cursor, statement, parameters, context)
        return
    described = describe(statement)
    if described.asks_nothing:
        execute(dialect, cursor, statement, parameters, context)
    else:
        _trace(described, execute, dialect, cursor, statement, parameters, context)
    if described.sets_schema is not None or (Session.is_any and _SESSION in context.root_connection.info):
        _note(context.root_connection, described, parameters)


def _trace(
    described: Statement,
    execute: Callable[..., None],
    dialect: Any,  # noqa: ANN401  # as above
    cursor: Any,  # noqa: ANN401  # as above
    statement: str,
    parameters: Any,  # noqa: ANN401  # as above
    context: Any,  # noqa: ANN401  # as above
) -> None:
    is_aside = _is_aside(context, described)
    # An attribute, not a key of its ``__dict__``: Python is slower with all of an object once that has been asked for.
    setattr(context, _IS_EXECUTING, True)
    call = safely(_begin, described, parameters, context, is_aside)
    try:
        execute(dialect, cursor, statement, parameters, context)
        if cursor.description is None:
            if cursor.rowcount >= 0:
                call.record(rows=cursor.rowcount)
        elif described.is_read and not is_aside and not _is_streamed(context):
            record_answer(call, _fetch(cursor, context))
    except BaseException:
        call.mark(failed=True)
        raise
    finally:
        call.finish()
        setattr(context, _IS_EXECUTING, False)


def _execute_without_parameters(
    execute: Callable[..., None],
    dialect: Any,  # noqa: ANN401  # as above
    cursor: Any,  # noqa: ANN401  # as above
    statement: str,
    context: Any = None,  # noqa: ANN401  # as above
) -> None:
    def execute_alone(dialect: Any, cursor: Any, statement: str, _: object, context: Any) -> None:  # noqa: ANN401  # as above
        execute(dialect, cursor, statement, context)

    _execute(execute_alone, dialect, cursor, statement, (), context)


def _execute_in_batches(execute: Callable[..., Any], connection: Connection, dialect: Any, context: Any) -> Any:  # noqa: ANN401  # as above
    """Goes around all batches of rows that a statement is executed in: they are one statement of the program."""
    if not ("do_execute" in vars(dialect) or is_extended(type(dialect).do_execute)):
        return execute(connection, dialect, context)
    setattr(context, _IS_EXECUTING, True)
    with safely(_begin, describe(context.statement), context.parameters, context, is_aside=False):
        try:
            return execute(connection, dialect, context)
        finally:
            setattr(context, _IS_EXECUTING, False)


_EXECUTING: dict[str, Callable[..., None]] = {
    "do_execute": _execute,
    "do_executemany": _execute,
    "do_execute_no_params": _execute_without_parameters,
}


def _is_aside(context: Any, statement: Statement) -> bool:  # noqa: ANN401  # as above
    """Whether a context's own statement is another one, which needs this one's answer: a default's, or a sequence's."""
    if context.isinsert or context.isupdate or context.isdelete:
        return statement.is_read
    return getattr(context, "statement", None) is None


def _begin(statement: Statement, parameters: Any, context: Any, is_aside: bool) -> Call:  # noqa: ANN401  # as above
    engine = context.root_connection.engine
    if context.executemany and not is_aside:
        values = name_many(parameters)
    else:  # by the names that the program gave them, which the driver may not know
        by_name: Sequence[Any] = () if is_aside else getattr(context, "compiled_parameters", ())
        values = name_values(by_name[0] if len(by_name) == 1 else parameters)
    if engine.hide_parameters:
        values = [(name, hide(value)) for name, value in values]
    session = context.root_connection.info.get(_SESSION) if Session.is_any else None
    asking = _get_frame(_FRAMES_OF_OURS)
    return begin_statement(
        statement,
        values,
        _MACHINERY,
        via=name_layer(asking, _BETWEEN) or ("sqlalchemy" if is_aside else _name_hook(context)),
        database=_name_database(engine),
        schema=None if session is None else session.schema,
        start=asking,
        sent=_list_forms(getattr(context, "invoked_statement", None)),
    )


def _list_forms(statement: Any) -> tuple[object, ...]:  # noqa: ANN401  # what the program has given, if that is known
    """A statement, and the text that it was made of by ``text()``."""
    if isinstance(statement, TextClause):
        return (statement, statement.text)
    return () if statement is None else (statement,)


def _name_hook(context: Any) -> str:  # noqa: ANN401  # as above, with what the object-relational part puts into it
    """The hook's name, with what is loaded of one row alone: its relation, else the row itself, once more.

    Before the relation stand those by which the row itself was found: ``sqlalchemy:Author.books/Book.pages``.
    A row is loaded once more if its attributes have expired, as they do with a commit, or its columns were deferred.
    """
    loading = context.execution_options.get("_sa_orm_load_options")
    loaded_from = getattr(loading, "_lazy_loaded_from", None)
    if loaded_from is not None:
        path = context.compiled.compile_state.compile_options._current_path  # noqa: SLF001
        before = loaded_from.load_path.path[1::2]  # between its properties stand the classes
        if path.prop in before:  # along a tree, which has any depth
            return f"sqlalchemy:{path.prop}/{path.prop}"
        if not 0 < len(before) < _LONGEST_PATH:
            return f"sqlalchemy:{path.prop}"
        return f"sqlalchemy:{'/'.join(map(str, (*before, path.prop)))}"
    row = getattr(loading, "_refresh_state", None)
    return "sqlalchemy" if row is None else f"sqlalchemy:{row.class_.__name__}"


def _name_database(engine: Engine) -> str | None:
    """The database's name, which is looked up once for an engine, pool and test."""
    known: _Named | None = vars(engine).get(_DATABASE)
    if known is None or known[2] is not now.test or known[1]() is not engine.pool:
        url, pool = engine.url, engine.pool
        if known is not None and known.pool() is pool and known.test[:2] == now.test[:2]:  # in another phase
            name = known.name
        elif url.database in _MEMORY and url.get_backend_name() == "sqlite":
            name = _databases.name(ref(pool), "memory")
        else:
            name = _databases.name(url.render_as_string(hide_password=True), url.database or url.host or "database")
        vars(engine)[_DATABASE] = known = _Named(name, ref(pool), now.test)
    return known.name


class _Fetched(FullyBufferedCursorFetchStrategy):
    """Rows that are here already, of which the program gets as many at a time as it would have."""

    __slots__ = ()

    def fetchmany(self, result: Any, dbapi_cursor: Any, size: int | None = None) -> Any:  # noqa: ANN401  # as above
        if size is None:
            size = getattr(dbapi_cursor, "arraysize", 1)
        return super().fetchmany(result, dbapi_cursor, size)


def _fetch(cursor: Any, context: Any) -> Sequence[Any]:  # noqa: ANN401  # as above
    """All rows, which the program then gets as if nobody had asked for them yet."""
    rows: Sequence[Any] = cursor.fetchall()
    if not goes_back(cursor):
        description = context.cursor_fetch_strategy.alternate_cursor_description
        context.cursor_fetch_strategy = _Fetched(cursor, description, initial_buffer=rows)
    return rows


def _is_streamed(context: Any) -> bool:  # noqa: ANN401  # as above
    """Whether the rows come in parts, or in a way of the dialect's own."""
    if type(context.cursor_fetch_strategy) is not CursorFetchStrategy or context._is_server_side:  # noqa: SLF001
        return True
    options = context.execution_options
    if options and (options.get("stream_results") or options.get("yield_per")):
        return True
    return _has_own_way(type(context).post_exec)


@functools.lru_cache(maxsize=64)
def _has_own_way(post_exec: Callable[[Any], None]) -> bool:
    """Whether a context that isn't SQLAlchemy's does something of its own with what a statement gave."""
    return not post_exec.__module__.startswith("sqlalchemy.")


def _note(connection: Connection, statement: Statement, parameters: Any) -> None:  # noqa: ANN401  # as above
    """Notes what a connection is told that later answers depend on."""
    if not event.contains(Engine, "rollback", _roll_back):
        event.listen(Engine, "rollback", _roll_back)
    connection.info.setdefault(_SESSION, Session()).note(statement, name_values(parameters))


def _roll_back(connection: Connection) -> None:
    if not connection.invalidated and _SESSION in connection.info:
        connection.info[_SESSION].roll_back()
