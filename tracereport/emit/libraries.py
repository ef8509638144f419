"""Which hooks for libraries there are. It imports nothing, so that options can be offered while tracing is off."""

from __future__ import annotations

HOOKS: dict[str, tuple[tuple[str, str], ...]] = {
    "sqlalchemy": (("sqlalchemy", "sqlalchemy:trace_statements"),),
    "django": (
        ("django.db.backends.base.base", "django:trace_statements"),
        ("django.core.handlers.base", "django_requests:trace_requests"),
        ("django.template.base", "django_pages:trace_templates"),
        ("django.core.management.commands.migrate", "django_pages:leave_migrations"),
        ("django.core.cache", "django_cache:trace_caches"),
        ("asgiref.sync", "asgiref:hand_on_askers"),
    ),
    "sqlite3": (("sqlite3", "sqlite:trace_connections"), ("aiosqlite.core", "aiosqlite:hand_on_askers")),
    "psycopg": (("psycopg", "psycopg:trace_statements"),),
    "psycopg2": (("psycopg2", "psycopg2:trace_connections"),),
    "asyncpg": (("asyncpg", "asyncpg:trace_statements"),),
    "mysql": (
        ("pymysql", "mysql:trace_pymysql"),
        ("MySQLdb.connections", "mysql:trace_mysqlclient"),
        ("aiomysql", "mysql:trace_aiomysql"),
        ("mysql.connector", "mysql_connector:trace_cursors"),
        ("mysql.connector.aio", "mysql_connector:trace_asynchronous_cursors"),
    ),
    "starlette": (("starlette.applications", "starlette:trace_requests"),),
    "flask": (("flask.app", "flask:trace_requests"),),
    "celery": (("celery.app.trace", "celery:trace_tasks"),),
    "requests": (("requests.sessions", "requests:trace_sending"),),
    "httpx": (("httpx", "httpx:trace_sending"), ("httpx2", "httpx:trace_sending_of_httpx2")),
    "threads": (
        ("concurrent.futures.thread", "threads:hand_on_calls"),
        ("multiprocessing.pool", "threads:hand_on_to_pools"),
        ("threading", "threads:hand_on_to_threads"),
        ("asyncio.base_events", "threads:hand_on_runs"),
    ),
    "unittest": (
        ("unittest.case", "unittest:trace_tests"),
        ("unittest.async_case", "unittest:trace_asynchronous_tests"),
    ),
    "redis": (("redis.client", "redis:trace_commands"), ("redis.asyncio.client", "redis:trace_asynchronous_commands")),
}
"""By name: the modules of the library that are waited for, and the function of ours that then switches the hook on."""
