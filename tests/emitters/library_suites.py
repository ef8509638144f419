"""Runs the libraries' own tests with the hooks off and on, and says where the outcomes differ.

``python -m tests.emitters.library_suites PYTHON FOLDER...``: a Python whose environment the libraries and what their
tests need are installed in, and folders of their sources, named as they are packed (``flask-3.1.3``).
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.paths import ROOT
from tracereport.command.emitter_files import python_environment

PYTEST = ("-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:asyncio")
WITH_ITS_PLUGINS = (*PYTEST[:-2], "-o", "asyncio_default_fixture_loop_scope=function")
DJANGO_APPS = (
    "backends", "basic", "queries", "transactions", "bulk_create", "prefetch_related", "handlers", "test_client",
    "cache", "template_tests", "select_related", "raw_query", "expressions_case", "delete",
)  # fmt: skip
SUITES: dict[str, tuple[str, tuple[str, ...]]] = {
    "django": ("tests", ("runtests.py", "--parallel=1", "-v", "2", *DJANGO_APPS)),
    "flask": (".", (*PYTEST, "tests")),
    "requests": (".", (*PYTEST, "tests")),
    "starlette": (".", (*PYTEST, "--ignore=tests/middleware/test_opentelemetry.py", "tests")),
    "sqlalchemy": (
        ".",
        (
            *PYTEST, "test/engine/test_execute.py", "test/engine/test_transaction.py", "test/sql/test_insert_exec.py",
            "test/sql/test_resultset.py", "test/orm/test_eager_relations.py", "test/orm/test_lazy_relations.py",
            "test/orm/test_selectin_relations.py", "test/ext/asyncio",
        ),
    ),
    # CPython's own tests of its module: the folder ``test`` of its library, named ``cpython-3.13``.
    "cpython": (".", ("-m", "unittest", "-v", "test.test_sqlite3", "test.test_threading", "test.test_socketserver")),
    "aiosqlite": (".", ("-m", "unittest", "-v", "aiosqlite.tests")),
    "peewee": (".", ("-m", "unittest", "-v", "tests")),
    # These ask a server that is named as their own documentation says.
    "psycopg": (
        ".",
        (
            "-m", "pytest", "-q", "-rA", "-p", "no:randomly", "-p", "no:asyncio",
            "tests/test_cursor.py", "tests/test_cursor_async.py", "tests/test_cursor_common.py",
            "tests/test_cursor_common_async.py", "tests/test_cursor_client.py", "tests/test_cursor_raw.py",
            "tests/test_cursor_server.py", "tests/test_cursor_server_async.py", "tests/test_connection.py",
            "tests/test_connection_async.py", "tests/test_copy.py", "tests/test_pipeline.py", "tests/test_prepared.py",
            "tests/test_rows.py", "tests/test_sql.py", "tests/test_transaction.py", "tests/test_typeinfo.py",
        ),
    ),
    "psycopg2": (".", ("-m", "unittest", "-v", "tests.test_suite")),
    "asyncpg": (".", (*PYTEST, "--ignore=tests/test_connect.py", "--ignore=tests/test__sourcecode.py", "tests")),
    "pymysql": (".", (*PYTEST, "pymysql/tests")),
    "responses": (".", (*WITH_ITS_PLUGINS, "responses")),
    "requests_cache": (".", (*WITH_ITS_PLUGINS, "tests/unit")),
    "dataset": (".", (*WITH_ITS_PLUGINS, "test")),
    "django_filter": (".", ("runtests.py", "-v", "2")),
    "django_debug_toolbar": (".", ("-m", "django", "test", "-v", "2", "tests", "--settings=tests.settings")),
    "djangorestframework": (
        ".",
        (
            *WITH_ITS_PLUGINS, "tests/test_model_serializer.py", "tests/test_relations_pk.py",
            "tests/test_relations_slug.py", "tests/test_generics.py", "tests/test_prefetch_related.py",
            "tests/test_filters.py", "tests/test_atomic_requests.py", "tests/test_permissions.py",
            "tests/test_testing.py", "tests/test_validators.py", "tests/authentication", "tests/test_throttling.py",
            "tests/browsable_api",
        ),
    ),
}  # fmt: skip
ANY_OTHER = (".", (*WITH_ITS_PLUGINS, "tests"))
OUTCOME = re.compile(
    r"^(?:(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) ([^\s(]\S*)|(test\w+ \([\w.]+\)).* \.\.\. (\w+))", re.MULTILINE
)


def main() -> int:
    python, *folders = sys.argv[1:]
    differ = 0
    for folder in map(Path, folders):
        library = folder.name.rpartition("-")[0]
        off, on = (run(python, folder, library, is_on=is_on) for is_on in (False, True))
        odd = sorted(test for test in off.keys() | on.keys() if off.get(test) != on.get(test))
        print(f"{folder.name}: {len(off)} tests, {len(odd)} with another outcome")
        for test in odd:
            print(f"  {test}: {off.get(test)}, with the hooks {on.get(test)}")
        differ += len(odd)
    return 1 if differ else 0


def run(python: str, folder: Path, library: str, *, is_on: bool) -> dict[str, str]:
    """The outcome of each test by its name."""
    place, arguments = SUITES.get(library, ANY_OTHER)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PERF_TRACE": "", "PYTHONPATH": str(folder.resolve())}
    with tempfile.TemporaryDirectory() as logs:
        if is_on:
            environment |= {"PERF_TRACE": f"{logs}/%p.log", **python_environment(environment)}
        done = subprocess.run(
            [python, *arguments], cwd=folder / place, env=environment, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
        )  # fmt: skip
        assert not is_on or any(Path(logs).iterdir()), f"nothing was traced: {ROOT}"
    outcomes = {}
    for found in OUTCOME.finditer(done.stdout):
        outcomes[found[2] or found[3]] = found[1] or found[4]
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
