"""Traces what SQLAlchemy asks the database: one call per statement, with its values and its answer.

::

    from tracereport.emit.sqlalchemy import trace_statements

    trace_statements()          # of every engine, or trace_statements(engine) of one

Each call is named after verb and table (``select orders``); its parameters are the statement's text and the bound
values by name, its result metrics ``rows`` and, of a read, a ``digest`` of the rows, and its caller is the first
function outside SQLAlchemy. While tracing is off a statement costs a few function calls more. While it is on, the rows
of a read are fetched at once, within the call, unless they are streamed. An engine with ``hide_parameters`` has its
values hashed.
"""

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, ExceptionContext, ExecutionContext
from sqlalchemy.engine.cursor import CursorFetchStrategy, FullyBufferedCursorFetchStrategy
from sqlalchemy.engine.interfaces import DBAPICursor

from tracereport.emit import Call, is_on
from tracereport.emit.statements import begin_statement, hide, is_read, name_many, name_values, record_answer

_CALL = "tracereport.call"
_Begun = tuple[ExecutionContext | None, Call]
_MACHINERY = ("sqlalchemy", "greenlet")


def trace_statements(engine: Engine | type[Engine] = Engine) -> None:
    """Traces the statements of an engine, or of all that there are and will be, each once however often it is called.

    Args:
        engine: the engine; of an ``AsyncEngine`` its ``sync_engine``.
    """
    for name, listener in (
        ("before_cursor_execute", _begin),
        ("after_cursor_execute", _finish),
        ("handle_error", _finish_failed),
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
    if is_on() and not _is_begun(connection, context):
        values = name_many(parameters) if executemany else _name_bound_values(parameters, context)
        if connection.engine.hide_parameters:
            values = [(name, hide(value)) for name, value in values]
        connection.info[_CALL] = (context, begin_statement(statement, values, _MACHINERY))


def _is_begun(connection: Connection, context: ExecutionContext | None) -> bool:
    """Whether this very statement has begun: where an engine and all engines are traced, each listener hears of it."""
    begun: _Begun | None = connection.info.get(_CALL)
    return begun is not None and begun[0] is context


def _name_bound_values(parameters: object, context: ExecutionContext | None) -> list[tuple[str, object]]:
    """The values by the names that the program gave them, which the driver may not know."""
    by_name = getattr(context, "compiled_parameters", [])
    return name_values(by_name[0] if len(by_name) == 1 else parameters)


def _finish(
    connection: Connection,
    cursor: DBAPICursor,
    statement: str,
    _parameters: object,
    context: Any,  # noqa: ANN401  # an execution context, with what dialects may set on it
    _executemany: bool,
) -> None:
    begun: _Begun | None = connection.info.pop(_CALL, None)
    if begun is None:
        return
    call = begun[1]
    description: object = cursor.description
    if description is None:
        if cursor.rowcount >= 0:
            call.record(rows=cursor.rowcount)
    elif is_read(statement) and not _is_streamed(context):
        rows = cursor.fetchall()
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
            cursor, context.cursor_fetch_strategy.alternate_cursor_description, initial_buffer=rows
        )
        record_answer(call, rows)
    call.finish()


def _is_streamed(context: Any) -> bool:  # noqa: ANN401  # as above
    """Whether the rows come in parts, or in a way of the dialect's own."""
    options = context.execution_options
    is_own = type(context.cursor_fetch_strategy) is not CursorFetchStrategy
    return is_own or context._is_server_side or options.get("stream_results") or options.get("yield_per")  # noqa: SLF001


def _finish_failed(context: ExceptionContext) -> None:
    if context.connection is not None:
        begun: _Begun | None = context.connection.info.pop(_CALL, None)
        if begun is not None:
            begun[1].finish()
