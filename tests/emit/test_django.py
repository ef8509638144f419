"""The hook for Django: one call per statement, named, with its values, its caller and its answer."""

import asyncio
import inspect
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

django = pytest.importorskip("django")

from django.conf import settings  # noqa: E402  # only where it is installed

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
settings.configure(
    DATABASES={"default": SQLITE, "archive": SQLITE},
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["testserver"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": []}}],
    CACHES={
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "slow": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "slow"},
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from asgiref.sync import async_to_sync  # noqa: E402  # only once it is set up
from django.contrib.auth.models import Group, Permission  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.cache import caches  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import OperationalError, connection, connections, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.test import AsyncClient, Client  # noqa: E402
from django.urls import path, re_path  # noqa: E402
from django.views.generic import DetailView  # noqa: E402

from tests.tracing import tracing  # noqa: E402
from tracereport import emit  # noqa: E402
from tracereport.emit import asgiref, django_cache, django_pages, django_requests  # noqa: E402
from tracereport.emit import django as hook  # noqa: E402
from tracereport.emit.django import FetchedCursor, trace_statements  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def database() -> Iterator[None]:
    call_command("migrate", verbosity=0)
    for _ in range(2):
        trace_statements()
        django_requests.trace_requests()
        django_pages.trace_templates()
        django_pages.leave_migrations()
        django_cache.trace_caches()
        asgiref.hand_on_askers()
    yield
    connection.close()


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


def query(sql: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def count_by_key() -> list[object]:
    return [query("SELECT COUNT(*) FROM auth_group WHERE id = %s", key) for key in (91, 92)]


def test_who_gives_a_function_of_the_program_s_own_its_statement_asks(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        count_by_key()
    assert [call.caller for call in calls] == ["count_by_key"] * 2


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
        name = connection.creation.create_test_db(verbosity=0)
        connection.creation.destroy_test_db(name, verbosity=0)
        call_command("migrate", verbosity=0)
        assert find_groups("d") == [False]
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


def refuse(*_: object) -> None:
    raise LookupError


def test_the_program_s_own_wrappers_are_left_as_they_were(tmp_path: Path) -> None:
    seen: list[str] = []

    def count(execute: Callable[..., object], sql: str, *rest: object) -> object:
        seen.append(sql)
        return execute(sql, *rest)

    connections["archive"].close()
    with tracing(tmp_path) as calls:
        for alias in ("archive", "default"):
            connection = connections[alias]
            with connection.execute_wrapper(refuse), pytest.raises(LookupError), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            with connection.execute_wrapper(count), connection.cursor() as cursor:
                cursor.execute("SELECT 2")
            with connection.cursor() as cursor:
                cursor.execute("SELECT 3")
            assert connection.execute_wrappers == []
    assert seen == ["SELECT 2", "SELECT 2"]
    assert [call.params for call in calls if call.function == "select"] == [
        (("sql", "SELECT 2"), ("database", "archive")),
        (("sql", "SELECT 3"), ("database", "archive")),
        (("sql", "SELECT 2"),),
        (("sql", "SELECT 3"),),
    ]


class Sets:
    """A driver's cursor with several results, which can't go back."""

    arraysize = 2

    def __init__(self, *results: list[tuple[int]]) -> None:
        self.results = [*results]
        self.description = "some"
        self.rownumber = 0

    def fetchall(self) -> list[tuple[int]]:
        rows, self.results[0] = self.results[0], []
        return rows

    def nextset(self) -> bool | None:
        self.results.pop(0)
        return True if self.results else None

    def scroll(self, value: int, mode: str) -> None:
        raise IndexError((value, mode))


def test_a_cursor_whose_rows_are_here_answers_for_the_place_that_it_stands_at() -> None:
    driver = Sets([(1,), (2,), (3,)], [(4,)])
    cursor = FetchedCursor(driver, driver.fetchall())
    assert (cursor.fetchone(), cursor.rownumber, cursor.description) == ((1,), 1, "some")
    cursor.scroll(0, mode="absolute")
    cursor.scroll(1)
    assert cursor.fetchmany() == [(2,), (3,)]
    with pytest.raises(IndexError):
        cursor.scroll(5)
    assert (cursor.fetchone(), cursor.fetchall()) == (None, [])
    assert cursor.nextset()
    assert [*cursor] == [(4,)]
    assert cursor.nextset() is None
    assert cursor.fetchall() == []


def test_a_cursor_that_can_go_back_is_the_driver_s_own() -> None:
    class Scrolling(Sets):
        def fetchall(self) -> list[tuple[int]]:
            return self.results[0]

        def scroll(self, value: int, mode: str) -> None:
            self.went_to = (value, mode)

    class Wrapper:
        cursor = Scrolling([(1,)])
        db = connections["default"]

    result = hook._execute(lambda: Wrapper.cursor, Wrapper, "SELECT 1", list)
    assert result is Wrapper.cursor
    emit.start(os.devnull)
    try:
        hook._execute(lambda: Wrapper.cursor, Wrapper, "SELECT 1", list)
    finally:
        emit.stop()
    assert type(Wrapper.cursor) is Scrolling
    assert Wrapper.cursor.went_to == (0, "absolute")


def test_a_schema_that_is_set_is_part_of_the_question_until_a_rollback(tmp_path: Path) -> None:
    class Cursor:
        description = None
        rowcount = 0

    class Connection:
        alias = "default"

    class Wrapper:
        cursor = Cursor()
        db = Connection()

    with tracing(tmp_path) as calls:
        for sql in ("SELECT 1", "SET search_path TO a", "SELECT 1", "RESET search_path", "SELECT 1"):
            hook._execute(lambda: None, Wrapper, sql, list)
        hook._execute(lambda: None, Wrapper, "SET search_path TO a", list)
        hook._roll_back(lambda _: None, Wrapper.db)
        hook._execute(lambda: None, Wrapper, "SELECT 1", list)
    schemas = [dict(call.params).get("schema") for call in calls if call.function == "select"]
    assert schemas[:3] == [None, "a", None]
    assert schemas[3] not in (None, "a")


def show_groups(request: HttpRequest, name: str) -> HttpResponse:
    template = engines["django"].from_string("{% for group in groups %}{{ group.name }}{% endfor %}")
    return HttpResponse(template.render({"groups": Group.objects.filter(name=name)}, request))


async def show_groups_slowly(request: HttpRequest) -> HttpResponse:
    with emit.trace("load"):
        return HttpResponse(request.path)


def fail(_: HttpRequest) -> HttpResponse:
    raise LookupError


class GroupPage(DetailView):  # type: ignore[misc]  # Django isn't followed
    model = Group


urlpatterns = [
    path("group/<int:pk>/", GroupPage.as_view()),
    re_path(r"^old/(\w+)/$", show_groups),
    path("groups/<str:name>/", show_groups),
    path("slow/", show_groups_slowly),
    path("broken/", fail),
]


def test_a_request_and_what_is_asked_in_a_template_are_frames_around_statements(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        assert Client().get("/groups/q/").content == b""
        assert Client(raise_request_exception=False).get("/broken/").status_code == 500
        assert Client().get("/nowhere/").status_code == 404
    select, render, *requests = calls
    assert (select.function, select.caller, select.parent) == ("select auth_group", "show_groups", render.number)
    assert (render.function, render.caller, render.reserved["frame"]) == ("render template", "show_groups", "1")
    assert [(call.function, call.params, call.reserved["frame"]) for call in requests] == [
        ("GET /groups/<str:name>/", (("path", "/groups/q/"),), "1"),
        ("GET /broken/", (("path", "/broken/"),), "1"),
        ("GET /nowhere/", (("path", "/nowhere/"),), "1"),
    ]
    assert render.parent == requests[0].number


def test_what_a_library_s_view_asks_it_asks_for_the_program_s_class_and_not_for_who_sent_the_request(
    tmp_path: Path,
) -> None:
    with tracing(tmp_path) as calls:
        assert Client().get("/group/999/").status_code == 404
    select, request = calls
    line = inspect.getsourcelines(GroupPage)[1]
    assert (select.caller, select.reserved["at"]) == ("GroupPage", f"tests/emit/test_django.py:{line}")
    assert str(request.caller).startswith("test_what_a_library_s_view_asks")


def test_a_route_that_is_a_pattern_is_named_without_its_ends(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        assert Client().get("/old/q/").status_code == 200
    assert calls[-1].function == r"GET /old/(\w+)/"


def test_a_statement_that_loads_a_relation_names_it(tmp_path: Path) -> None:
    def find(load: Callable[[], object]) -> list[str]:
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        folder.mkdir()
        with tracing(folder) as calls:
            load()
        return [call.reserved["via"] for call in calls]

    kind = ContentType.objects.get(model="group")
    permission = Permission.objects.filter(content_type=kind).first()
    assert permission is not None
    assert find(lambda: permission.content_type) == ["django:Permission.content_type"]
    assert find(lambda: [*kind.permission_set.all()]) == ["django:ContentType.permission_set[]"]
    group = Group.objects.create(name="readers")
    group.permissions.add(permission)
    assert find(lambda: [*group.permissions.all()]) == ["django:Group.permissions[]"]
    assert find(lambda: [*permission.group_set.all()]) == ["django:Permission.group_set[]"]
    group.delete()
    for other in (
        lambda: [*permission.group_set.filter(name="x")],
        lambda: [*kind.permission_set.filter(name="x")],
        lambda: [*kind.permission_set.order_by("name")],
        kind.permission_set.first,
        kind.permission_set.count,
        lambda: [*kind.permission_set.values("name")],
        lambda: [*Permission.objects.all()],
        lambda: Permission.objects.get(pk=permission.pk),
        lambda: Permission.objects.filter(pk=permission.pk).update(name="y"),
    ):
        assert find(other) == ["django"]


def test_an_asynchronous_request_is_a_frame(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        response = asyncio.run(AsyncClient().get("/slow/"))
    assert response.status_code == 200
    assert [(call.function, call.parent) for call in calls] == [("load", 0), ("GET /slow/", None)]


async def count_groups(names: list[str]) -> list[int]:
    return [await Group.objects.filter(name=name).acount() for name in names]


async def find_group(name: str) -> Group:
    return await Group.objects.aget(name=name)


def test_a_coroutine_asks_what_a_thread_carries_out_for_it(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        assert async_to_sync(count_groups)(["a", "b"]) == [0, 0]
        assert async_to_sync(asyncio.wait_for)(count_groups(["c"]), 10) == [0]
        with pytest.raises(Group.DoesNotExist):
            async_to_sync(find_group)("nobody")
    *asked, failed = calls
    line = inspect.getsourcelines(count_groups)[1] + 1
    places = {(call.caller, call.reserved["at"]) for call in asked}
    assert places == {("count_groups", f"tests/emit/test_django.py:{line}")}
    assert len({call.reserved["activation"] for call in asked}) == 2
    assert len(asked) == 3
    assert failed.caller == "find_group"


def test_what_a_migration_asks_is_left_out(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        call_command("migrate", verbosity=0)
    assert calls == []


def test_a_cache_s_hit_says_so_and_a_write_names_it(tmp_path: Path) -> None:
    caches["default"].clear()
    with tracing(tmp_path) as calls:
        assert caches["default"].get("a") is None
        caches["default"].set("a", 1)
        assert caches["default"].get("a") == 1
        assert caches["default"].get_or_set("b", 2) == 2
        assert caches["slow"].get("a", 7) == 7
    asked = [(call.function, dict(call.params).get("cache"), call.reserved.get("write")) for call in calls[:3]]
    assert asked == [("get cache", None, None), ("set cache", None, "cache"), ("get cache", None, None)]
    assert [call.metrics.get("found") for call in calls[:3]] == [0, None, 1]
    assert [call.reserved.get("cached") for call in calls[:3]] == [None, None, "1"]
    assert dict(calls[-1].params) == {"key": "a", "cache": "slow"}
