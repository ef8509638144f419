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

from typing import TYPE_CHECKING, Any
from weakref import ref

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.cursor import CursorFetchStrategy, FullyBufferedCursorFetchStrategy

from .hooks import safely
from .log import is_on
from .statements import (
    Databases,
    Session,
    begin_statement,
    describe,
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


def trace_statements(engine: Engine | type[Engine] = Engine) -> None:
    """Traces the statements of an engine, or of all that there are and will be, each once however often it is called.

    Args:
        engine: the engine; of an ``AsyncEngine`` its ``sync_engine``.
    """
    for name, listener in (
        ("before_cursor_execute", _begin),
        ("after_cursor_execute", _finish),
        ("handle_error", _finish_failed),
        ("rollback", _roll_back),
    ):
        if not event.contains(engine, name, listener):
            event.listen(engine, name, listener)


def _begin(
    connection: Connection,
    _cursor: DBAPICursor,
    statement: str,
    parameters: Any,  # noqa: ANN401  # a sequence, a mapping, or many of them
    context: ExecutionContext | None,
    executemany: bool,
) -> None:
    # A statement's call lies on its own context: a listener may execute another statement on the same connection. One
    # that is there already has been begun by the other of two listeners, for the engine and for all engines.
    holder = connection if context is None else context
    own = vars(holder)
    if is_on() and own.get(_CALL) is None:
        # Many rows that the database takes one by one, or in batches, are one statement of the program.
        is_further = own.get(_IS_BEGUN, False)
        own[_CALL] = safely(_begin_call, connection, statement, parameters, context, executemany, is_further)
        own[_IS_BEGUN] = executemany and context is not None


def _begin_call(
    connection: Connection,
    statement: str,
    parameters: Any,  # noqa: ANN401  # as above
    context: ExecutionContext | None,
    executemany: bool,
    is_further: bool,
) -> Call:
    values = _name_sets(parameters, context) if executemany else _name_bound_values(parameters, context)
    if connection.engine.hide_parameters:
        values = [(name, hide(value)) for name, value in values]
    session = connection.info.get(_SESSION)
    return begin_statement(
        statement,
        values,
        _MACHINERY,
        via=_name_hook(context),
        database=_name_database(connection.engine),
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
    url, known = engine.url, vars(engine)
    if url.database in _MEMORY and url.get_backend_name() == "sqlite":
        return _databases.name_passing(engine.pool)
    if _DATABASE not in known:
        key, name = url.render_as_string(hide_password=True), url.database or url.host or "database"
        known[_DATABASE] = _databases.name(key, name)
    named: str | None = known[_DATABASE]
    return named


def _name_bound_values(parameters: object, context: ExecutionContext | None) -> list[tuple[str, object]]:
    """The values by the names that the program gave them, which the driver may not know."""
    by_name = getattr(context, "compiled_parameters", [])
    return name_values(by_name[0] if len(by_name) == 1 else parameters)


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
    cursor: DBAPICursor,
    statement: str,
    parameters: Any,  # noqa: ANN401  # as above
    context: Any,  # noqa: ANN401  # an execution context, with what dialects may set on it
    _executemany: bool,
) -> None:
    call = vars(connection if context is None else context).pop(_CALL, None)
    if call is None:
        return
    description: object = cursor.description
    if description is None:
        if cursor.rowcount >= 0:
            call.record(rows=cursor.rowcount)
    elif describe(statement).is_read and not _is_streamed(context):
        record_answer(call, _fetch(cursor, context))
    call.finish()
    if describe(statement).sets_schema is not None or _SESSION in connection.info:
        connection.info.setdefault(_SESSION, Session()).note(describe(statement), name_values(parameters))


def _fetch(cursor: Any, context: Any) -> Sequence[Any]:  # noqa: ANN401  # of any driver
    """All rows, which the program then gets as if nobody had asked for them yet."""
    rows: Sequence[Any] = cursor.fetchall()
    try:
        cursor.scroll(0, mode="absolute")
    except Exception:  # noqa: BLE001  # there is no such thing here, or not backwards
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
            cursor, context.cursor_fetch_strategy.alternate_cursor_description, initial_buffer=rows
        )
    return rows


def _is_streamed(context: Any) -> bool:  # noqa: ANN401  # as above
    """Whether the rows come in parts, or in a way of the dialect's own."""
    if context is None:
        return True
    options = context.execution_options
    is_own = type(context.cursor_fetch_strategy) is not CursorFetchStrategy
    return is_own or context._is_server_side or options.get("stream_results") or options.get("yield_per")  # noqa: SLF001


def _finish_failed(context: ExceptionContext) -> None:
    holder = context.execution_context or context.connection
    call = None if holder is None else vars(holder).pop(_CALL, None)
    if call is not None:
        call.mark(failed=True)
        call.finish()


def _roll_back(connection: Connection) -> None:
    if not connection.invalidated and _SESSION in connection.info:
        connection.info[_SESSION].roll_back()
