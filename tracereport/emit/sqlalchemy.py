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

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.cursor import CursorFetchStrategy, FullyBufferedCursorFetchStrategy

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
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, ExceptionContext, ExecutionContext
    from sqlalchemy.engine.interfaces import DBAPICursor

    from .calls import Call

_CALL = "_perf_trace_call"
_IS_BEGUN = "_perf_trace_is_begun"
_DATABASE = "_perf_trace_database"
_SESSION = "perf_trace.session"
_MACHINERY = ("sqlalchemy", "greenlet", "alembic", "sqlmodel", "flask_sqlalchemy")
_MEMORY = (None, "", ":memory:")
_databases = Databases()


class _Named(NamedTuple):
    """What an engine's database is called: for good, or as long as this pool serves this test."""

    name: str | None
    pool: ref[Any] | None = None
    test: object = None


def trace_statements(engine: Engine | type[Engine] = Engine) -> None:
    """Traces the statements of an engine, or of all that there are and will be, each once however often it is called.

    Args:
        engine: the engine; of an ``AsyncEngine`` its ``sync_engine``.
    """
    for name, listener, options in (
        ("before_cursor_execute", _begin, {"retval": True}),  # else SQLAlchemy puts a function of its own around it
        ("after_cursor_execute", _finish, {}),
        ("handle_error", _finish_failed, {}),
        ("rollback", _roll_back, {}),
    ):
        if not event.contains(engine, name, listener):
            event.listen(engine, name, listener, **options)


def _begin(
    connection: Connection,
    _cursor: DBAPICursor,
    statement: str,
    parameters: Any,  # noqa: ANN401  # a sequence, a mapping, or many of them
    context: Any,  # noqa: ANN401  # an execution context, with what dialects and the object-relational part put into it
    executemany: bool,
) -> tuple[str, Any]:
    # A statement's call lies on its own context: a listener may execute another statement on the same connection. One
    # that is there already has been begun by the other of two listeners, for the engine and for all engines.
    if now.log is not None:
        own = vars(connection if context is None else context)
        if own.get(_CALL) is None:
            try:
                # Many rows that the database takes one by one, or in batches, are one statement of the program.
                is_further = own.get(_IS_BEGUN, False)
                own[_CALL] = _begin_call(connection, statement, parameters, context, executemany, is_further)
            except Exception:  # noqa: BLE001  # what a hook doesn't understand is told by the library
                own[_CALL] = None
            own[_IS_BEGUN] = executemany and context is not None
    return statement, parameters


def _begin_call(
    connection: Connection,
    statement: str,
    parameters: Any,  # noqa: ANN401  # as above
    context: Any,  # noqa: ANN401  # as above
    executemany: bool,
    is_further: bool,
) -> Call:
    engine = connection.engine
    if executemany:
        values = _name_sets(parameters, context)
    else:  # by the names that the program gave them, which the driver may not know
        by_name: Sequence[Any] = getattr(context, "compiled_parameters", ())
        values = name_values(by_name[0] if len(by_name) == 1 else parameters)
    if engine.hide_parameters:
        values = [(name, hide(value)) for name, value in values]
    session = connection.info.get(_SESSION) if Session.is_any else None
    return begin_statement(
        statement,
        values,
        _MACHINERY,
        via=_name_hook(context),
        database=_name_database(engine),
        schema=None if session is None else session.schema,
        is_frame=is_further,
        owner=None if context is None else ref(context),
    )


def _name_hook(context: Any) -> str:  # noqa: ANN401  # as above, with what the object-relational part puts into it
    """The hook's name, with the relation that is loaded row by row, where the statement is such a load."""
    loading = None if context is None else context.execution_options.get("_sa_orm_load_options")
    if getattr(loading, "_lazy_loaded_from", None) is None:
        return "sqlalchemy"
    path = context.compiled.compile_state.compile_options._current_path  # noqa: SLF001
    return f"sqlalchemy:{path.prop}"


def _name_database(engine: Engine) -> str | None:
    """The database's name, which is looked up once for an engine; of one in memory once for each pool and test."""
    known: _Named | None = vars(engine).get(_DATABASE)
    if known is None or (known.pool is not None and not (known.pool() is engine.pool and known.test is now.test)):
        url = engine.url
        if url.database in _MEMORY and url.get_backend_name() == "sqlite":
            known = _Named(_databases.name_passing(engine.pool), ref(engine.pool), now.test)
        else:
            key, name = url.render_as_string(hide_password=True), url.database or url.host or "database"
            known = _Named(_databases.name(key, name))
        vars(engine)[_DATABASE] = known
    return known.name


def _name_sets(parameters: Any, context: ExecutionContext | None) -> list[tuple[str, object]]:  # noqa: ANN401  # as above
    """The values of many sets, which SQLAlchemy may have put into one, for a statement with as many rows."""
    if isinstance(parameters, (list, tuple)) and all(isinstance(each, (list, tuple, dict)) for each in parameters):
        return name_many(parameters)
    state = getattr(getattr(context, "compiled", None), "_insertmanyvalues", None)
    if isinstance(parameters, dict):
        endings = {name.rpartition("__")[2] for name in parameters if "__" in name}
        return name_many([parameters], max(1, sum(ending.isdigit() for ending in endings)))
    per_row = getattr(state, "num_positional_params_counted", 0) or len(parameters) or 1
    return name_many(parameters, max(1, len(parameters) // per_row))


def _finish(
    connection: Connection,
    cursor: Any,  # noqa: ANN401  # of any driver
    statement: str,
    parameters: Any,  # noqa: ANN401  # as above
    context: Any,  # noqa: ANN401  # an execution context, with what dialects may set on it
    _executemany: bool,
) -> None:
    call = vars(connection if context is None else context).pop(_CALL, None)
    if call is None:
        return
    described = describe(statement)
    if cursor.description is None:
        if cursor.rowcount >= 0:
            call.record(rows=cursor.rowcount)
    elif described.is_read and not _is_streamed(context):
        record_answer(call, _fetch(cursor, context))
    call.finish()
    if described.sets_schema is not None or (Session.is_any and _SESSION in connection.info):
        connection.info.setdefault(_SESSION, Session()).note(described, name_values(parameters))


def _fetch(cursor: Any, context: Any) -> Sequence[Any]:  # noqa: ANN401  # of any driver
    """All rows, which the program then gets as if nobody had asked for them yet."""
    rows: Sequence[Any] = cursor.fetchall()
    if not goes_back(cursor):
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
            cursor, context.cursor_fetch_strategy.alternate_cursor_description, initial_buffer=rows
        )
    return rows


def _is_streamed(context: Any) -> bool:  # noqa: ANN401  # as above
    """Whether the rows come in parts, or in a way of the dialect's own."""
    if context is None:
        return True
    if type(context.cursor_fetch_strategy) is not CursorFetchStrategy or context._is_server_side:  # noqa: SLF001
        return True
    options = context.execution_options
    return bool(options.get("stream_results") or options.get("yield_per"))


def _finish_failed(context: ExceptionContext) -> None:
    holder = context.execution_context or context.connection
    call = None if holder is None else vars(holder).pop(_CALL, None)
    if call is not None:
        call.mark(failed=True)
        call.finish()


def _roll_back(connection: Connection) -> None:
    if not connection.invalidated and _SESSION in connection.info:
        connection.info[_SESSION].roll_back()
