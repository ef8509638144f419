"""What a span asks: by the attributes that instrumentations write, of the present and of earlier conventions."""

import json
import re
from typing import Final

from tracereport.calls.calls import CallKind
from tracereport.sources.spans.described import CLIENT, CONSUMER, PRODUCER, SERVER, Attributes, Described, find_metrics
from tracereport.sources.spans.http import describe_http, find_method, name_request
from tracereport.sources.spans.paths import REDACTED, template_name
from tracereport.sources.statements import read_statement

_STATEMENTS: Final = ("db.query.text", "db.statement", "sql.query", "cassandra.query")
_SQL: Final = re.compile(
    r"[\s(]*(?:--[^\n]*\n|/\*.*?\*/|\s)*\(*\s*(?:select|with|insert|update|delete|merge|replace|call|exec|execute|begin|"
    r"commit|rollback|start|savepoint|release|set|create|alter|drop|truncate|explain|show|describe|values|pragma|use|"
    r"lock|declare|fetch|copy|vacuum|analyze|upsert|apply)\b",
    re.IGNORECASE | re.DOTALL,
)
_CONNECTS: Final = re.compile(r"connect|acquire|checkout|\bpool\b|handshake|\bping\b", re.IGNORECASE)
_NO_SQL: Final = frozenset(
    "redis memcached mongodb elasticsearch opensearch dynamodb aws.dynamodb couchdb couchbase neo4j".split()  # noqa: SIM905
)
_READ_WORDS: Final = frozenset(
    """
    get mget getrange strlen exists ttl pttl type keys scan hget hgetall hmget hexists hkeys hvals hlen hscan lrange
    llen lindex smembers sismember smismember scard sscan sinter sunion sdiff zrange zrangebyscore
    zrevrange zrank zscore zcard zcount zscan bitcount getbit xrange xread xlen pfcount dbsize randomkey gets
    find findone aggregate count countdocuments distinct getmore listcollections listindexes estimateddocumentcount
    search msearch query getitem batchgetitem scan describetable select
    """.split()  # noqa: SIM905 - as many lines as words, else
)
"""First words of commands to Redis, Memcached, MongoDB, Elasticsearch and DynamoDB that change nothing."""
_FRAME_WORDS: Final = frozenset(
    """
    ping auth hello select client config info multi exec discard watch unwatch subscribe unsubscribe quit command
    """.split()  # noqa: SIM905 - as above
)


def describe_span(name: str, kind: int, attributes: Attributes, *, failed: bool) -> Described:  # noqa: PLR0911 - a table
    """The call that a span is.

    Args:
        name: of the span.
        kind: ``CLIENT`` and so on.
        attributes: by name.
        failed: whether its status says so.
    """
    if kind in (SERVER, CONSUMER):
        return Described(name_request(name, attributes), "frame")
    for key in _STATEMENTS:
        if statement := attributes.get(key):
            return _describe_statement(str(statement), name, attributes, failed=failed)
    if "db.system" in attributes or "db.system.name" in attributes:
        return _describe_command(name, kind, attributes, failed=failed)
    if "cache.key" in attributes:
        return _describe_cache(name, attributes, failed=failed)
    if kind == PRODUCER or ("messaging.system" in attributes and kind == CLIENT):
        return _describe_message(name, attributes, failed=failed)
    if kind == CLIENT:
        if "rpc.system" in attributes or "rpc.method" in attributes or "rpc.system.name" in attributes:
            return _describe_rpc(name, attributes, failed=failed)
        if (method := find_method(name, attributes)) is not None:
            return describe_http(method, name, attributes, failed=failed)
        return Described(template_name(name), "frame", lacks="" if _CONNECTS.search(name) else "spans-unknown-client")
    return Described(template_name(name), "frame")


def _describe_statement(text: str, name: str, attributes: Attributes, *, failed: bool) -> Described:
    if attributes.get("db.system.name", attributes.get("db.system")) in _NO_SQL or _SQL.match(text) is None:
        return _describe_command_text(text, name, attributes, failed=failed)
    statement = read_statement(text)
    params = statement.params
    values = [
        (key.rpartition(".")[2], str(value))
        for key, value in attributes.items()
        if key.startswith(("db.query.parameter.", "db.statement.parameter."))
    ]
    known = not statement.is_cut and len(values) >= statement.places
    if together := attributes.get("db.statement.parameters"):
        values.append(("parameters", str(together)))
        known = not statement.is_cut
    if any(value in REDACTED for _, value in values):
        known = False
    database = attributes.get("db.namespace") or attributes.get("db.name")
    return Described(
        statement.name,
        statement.kind,
        (*params, *values),
        database=str(database) if database and statement.kind != "frame" else None,
        values_known=known,
        answer="failed" if failed else "",
        writes=statement.writes,
        metrics=() if failed else find_metrics(attributes),
        lacks="" if known or statement.kind == "frame" else "spans-without-values",
    )


def _describe_command_text(text: str, name: str, attributes: Attributes, *, failed: bool) -> Described:
    """A command of a database that speaks no SQL, with its text."""
    system = str(attributes.get("db.system.name") or attributes.get("db.system") or "db")
    word, _, rest = text.strip().partition(" ")
    operation = str(attributes.get("db.operation.name") or attributes.get("db.operation") or "")
    if text.lstrip().startswith(("{", "[")) or not word.isalnum():
        word, rest = operation or template_name(name).partition(" ")[0], text
    collection = _find_collection(attributes)
    known = not ("?" in rest or any(value in rest for value in REDACTED if len(value) > 1))
    if collection is None and text.lstrip().startswith("{"):
        collection = _find_mongo_collection(text, word)
    lower = word.lower()
    return Described(
        " ".join([lower, collection or system]),
        "frame" if lower in _FRAME_WORDS and system in ("redis", "memcached") else _kind_of(lower),
        (("command", rest.strip()),) if rest.strip() else (),
        values_known=known,
        answer="failed" if failed else "",
        resource=collection or system,
        metrics=() if failed else find_metrics(attributes),
        lacks="" if known else "spans-without-values",
    )


def _describe_command(name: str, kind: int, attributes: Attributes, *, failed: bool) -> Described:
    """A call of a database without its text."""
    operation = str(attributes.get("db.operation.name") or attributes.get("db.operation") or "")
    if kind not in (CLIENT, 0) or (_CONNECTS.search(name) and not operation):
        return Described(template_name(name), "frame")
    collection = _find_collection(attributes)
    system = str(attributes.get("db.system.name") or attributes.get("db.system"))
    word = operation or name.partition(" ")[0]
    lower = word.lower()
    if lower in _FRAME_WORDS and system in ("redis", "memcached"):
        return Described(template_name(name), "frame")
    return Described(
        " ".join(part for part in (lower, collection or (system if operation else None)) if part),
        _kind_of(lower),
        values_known=False,
        answer="failed" if failed else "",
        resource=collection or system,
        metrics=() if failed else find_metrics(attributes),
        lacks="spans-without-statement",
    )


def _describe_cache(name: str, attributes: Attributes, *, failed: bool) -> Described:
    operation = str(attributes.get("cache.operation") or name.rpartition(".")[2] or name)
    metrics = find_metrics(attributes)
    hit = attributes.get("cache.hit")
    if isinstance(hit, bool):
        metrics = (*metrics, ("found", int(hit)))
    reads = any(word in operation.lower() for word in ("get", "has", "read", "fetch", "lookup"))
    return Described(
        f"cache {operation.lower()}",
        "question" if reads else "write",
        (("key", str(attributes["cache.key"])),),
        answer="failed" if failed else "",
        resource="cache",
        metrics=() if failed else metrics,
    )


def _describe_message(name: str, attributes: Attributes, *, failed: bool) -> Described:
    destination = attributes.get("messaging.destination.name") or attributes.get("messaging.destination")
    where = template_name(str(destination or name.partition(" ")[0]))
    operation = str(attributes.get("messaging.operation.type") or attributes.get("messaging.operation") or "publish")
    if operation in ("receive", "process", "settle", "poll"):
        return Described(f"{operation} {where}", "frame")
    return Described(
        f"publish {where}",
        "write",
        values_known=False,
        answer="failed" if failed else "",
        resource=where,
        writes=where,
    )


def _describe_rpc(name: str, attributes: Attributes, *, failed: bool) -> Described:
    service, method = attributes.get("rpc.service"), attributes.get("rpc.method")
    known_name = "/".join(str(part) for part in (service, method) if part)
    return Described(
        known_name or template_name(name),
        "question",
        values_known=False,
        answer="failed" if failed else "",
        resource=str(service or name),
        metrics=() if failed else find_metrics(attributes),
        lacks="spans-without-values",
    )


def _kind_of(word: str) -> CallKind:
    return "question" if word.lower() in _READ_WORDS else "write"


def _find_collection(attributes: Attributes) -> str | None:
    for key in (
        "db.collection.name",
        "db.mongodb.collection",
        "db.sql.table",
        "db.cassandra.table",
        "aws.dynamodb.table_names",
    ):
        if found := attributes.get(key):
            return str(found)
    return None


def _find_mongo_collection(text: str, word: str) -> str | None:
    try:
        command = json.loads(text)
    except (ValueError, RecursionError):
        return None
    collection = command.get(word) if isinstance(command, dict) else None
    return collection if isinstance(collection, str) else None
