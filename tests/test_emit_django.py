"""The hook for Django: one call per statement, named, with its values, its caller and its answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

django = pytest.importorskip("django")

from django.conf import settings  # noqa: E402  # only where it is installed

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.auth.models import Group  # noqa: E402  # only once it is set up
from django.core.management import call_command  # noqa: E402
from django.db import OperationalError, connection, transaction  # noqa: E402

from tests.written_lines import WrittenCall, read_written  # noqa: E402
from tracereport import emit  # noqa: E402
from tracereport.emit.django import trace_statements  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def database() -> Iterator[None]:
    call_command("migrate", verbosity=0)
    trace_statements()
    trace_statements()
    yield
    connection.close()


@contextmanager
def tracing(folder: Path) -> Iterator[list[WrittenCall]]:
    calls: list[WrittenCall] = []
    emit.start(str(folder / "trace.log"))
    try:
        yield calls
    finally:
        emit.stop()
        calls += read_written(folder / "trace.log")


def find_groups(*names: str) -> list[bool]:
    with emit.trace("find_groups"):
        return [Group.objects.filter(name=name).exists() for name in names]


def test_each_statement_is_one_call_of_the_function_that_asked(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        Group.objects.create(name="a|b")
        assert find_groups("a|b", "c") == [True, False]
    insert, *selects, page = calls
    assert (insert.function, dict(insert.params)["p1"]) == ("insert auth_group", "a|b")
    assert insert.reserved["write"] == "auth_group"
    assert [(call.function, call.caller, call.parent) for call in selects] == [
        ("select auth_group", "find_groups", page.number)
    ] * 2
    assert [call.metrics["rows"] for call in selects] == [1, 0]
    assert [dict(call.params)["p2"] for call in selects] == ["a|b", "c"]


def test_rows_come_in_every_way_that_cursors_have(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, connection.cursor() as cursor:
        ways = (lambda rows: rows.fetchall(), list, lambda rows: rows.fetchmany(5), lambda rows: [rows.fetchone()])
        for fetch in ways:
            cursor.execute("SELECT %s", [3])
            assert fetch(cursor) == [(3,)]
            assert cursor.fetchone() is None
        cursor.executemany("UPDATE auth_group SET name = %s WHERE id = %s", [("x", 91), ("y", 92)])
        assert [*Group.objects.filter(id=91).iterator()] == []
    assert [call.metrics.get("rows") for call in calls] == [1, 1, 1, 1, 0, 0]
    assert calls[0].metrics["digest"] == calls[1].metrics["digest"]
    assert dict(calls[4].params)["parameter_sets"] == "2"


def test_what_execute_gives_can_be_fetched_from_as_if_it_were_untraced(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, connection.cursor() as cursor:
        assert cursor.execute("SELECT 3").fetchone() == (3,)
        assert cursor.execute("SELECT %s", [4]).fetchall() == [(4,)]
        assert [*cursor.execute("SELECT 5")] == [(5,)]
    assert [call.metrics["rows"] for call in calls] == [1, 1, 1]


def test_django_s_own_commands_work(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        call_command("migrate", "auth", "zero", verbosity=0)
        call_command("migrate", verbosity=0)
        connection.check_constraints()
        name = connection.creation.create_test_db(verbosity=0, serialize=False)
        connection.creation.destroy_test_db(name, verbosity=0)
        call_command("migrate", verbosity=0)
    assert calls


def test_a_failing_statement_is_written(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, connection.cursor() as cursor:
        with pytest.raises(OperationalError), transaction.atomic():
            cursor.execute("SELECT nothing FROM nowhere")
        assert find_groups("d") == [False]
    assert "select nowhere" in [call.function for call in calls]


def test_while_it_is_off_nothing_is_written(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        emit.stop()
        assert find_groups("e") == [False]
    assert calls == []
