"""The emitter's own fields behind the metrics: who asked, from where, in which run, and what kind of call it was."""

import asyncio
import importlib
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.tracing import tracing
from tests.written_lines import WrittenCall, read_written
from tracereport import emit
from tracereport.emit import begin, origins, testing, trace, trace_module, traced
from tracereport.emit.tracing import wrap_members

HERE = "tests/emit/test_fields.py"


@traced
def ask(key: int) -> int:
    return key


def line_of(text: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").split("\n")
    return 1 + [line.strip() for line in lines].index(text)


def page(keys: list[int]) -> list[int]:
    return [ask(key) for key in keys]


def test_the_place_is_the_asking_line_from_the_root_of_the_repository(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, trace(chr(98)):
        page([1])
    assert [call.reserved["at"] for call in calls] == [
        f"{HERE}:{line_of('return [ask(key) for key in keys]')}",
        f"{HERE}:{line_of('with tracing(tmp_path) as calls, trace(chr(98)):')}",
    ]


def run_script(script: Path, log: Path, folder: Path) -> list[WrittenCall]:
    environment = {**os.environ, "PERF_TRACE": str(log), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, str(script)], env=environment, cwd=folder, check=True)
    return read_written(log)


def test_a_file_outside_any_repository_has_a_place_only_below_where_the_program_began(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    script = tmp_path / "app" / "main.py"
    script.write_text("from tracereport.emit import trace\nwith trace('f'): pass\n")
    [below] = run_script(script, tmp_path / "a.log", tmp_path)
    assert below.reserved["at"] == "app/main.py:2"
    (tmp_path / "elsewhere").mkdir()
    [beside] = run_script(script, tmp_path / "b.log", tmp_path / "elsewhere")
    assert "at" not in beside.reserved
    (tmp_path / "app" / ".git").mkdir()
    [inside] = run_script(script, tmp_path / "c.log", tmp_path / "elsewhere")
    assert inside.reserved["at"] == "main.py:2"


def test_python_s_own_library_has_no_place_even_in_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    library = tmp_path / "lib" / "python3"
    monkeypatch.setattr(origins, "_STANDARD_LIBRARY", f"{library}{os.sep}")
    found = [
        origins._path_in_repository(str(library / name))
        for name in ("handlers.py", "json/encoder.py", "site-packages/shop/orders.py")
    ]
    assert found == [None, None, "lib/python3/site-packages/shop/orders.py"]


def test_without_a_repository_places_begin_at_the_project_in_which_the_program_began(tmp_path: Path) -> None:
    project = tmp_path / "shop"
    for folder in (project / "app", project / "tests" / "unit", tmp_path / "installed"):
        folder.mkdir(parents=True)
        (folder / "main.py").write_text("from tracereport.emit import trace\nwith trace('f'): pass\n")
    (project / "pytest.ini").touch()
    for start in ("shop", "shop/tests/unit"):
        log = tmp_path / start.replace("/", "-")
        [call] = run_script(project / "app" / "main.py", log.with_suffix(".inside"), tmp_path / start)
        assert call.reserved["at"] == "app/main.py:2"
        [outside] = run_script(tmp_path / "installed" / "main.py", log.with_suffix(".outside"), tmp_path / start)
        assert "at" not in outside.reserved


def test_each_run_of_the_caller_is_an_activation(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        for _ in range(3):
            page([1, 2, 3])
        ask(4)
        ask(5)
    activations = [call.reserved["activation"] for call in calls]
    assert [len(set(activations[start : start + 3])) for start in (0, 3, 6)] == [1, 1, 1]
    assert len(set(activations)) == 4
    assert activations[-1] == activations[-2]


def test_within_a_call_around_no_run_is_told(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        with trace("request"):
            page([1, 2])
        page([3])
    assert ["activation" in call.reserved for call in calls if call.function != "request"] == [False, False, True]


def test_a_coroutine_that_waits_is_one_activation(tmp_path: Path) -> None:
    async def visit(keys: list[int]) -> None:
        for key in keys:
            ask(key)
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(visit([1, 2]), visit([3, 4]))

    with tracing(tmp_path) as calls:
        asyncio.run(main())
    by_key = {dict(call.params)["key"]: call.reserved["activation"] for call in calls}
    assert by_key["1"] == by_key["2"] != by_key["3"] == by_key["4"]


def test_a_lambda_or_comprehension_belongs_to_the_run_of_its_function(tmp_path: Path) -> None:
    def visit() -> int:
        ask(0)
        shown = sorted([3], key=lambda key: ask(key) + 1)
        return sum(ask(key) for key in (1, 2)) + len(shown) + len({ask(key) for key in (4, 5)})

    with tracing(tmp_path) as calls:
        visit()
    assert len({call.reserved["activation"] for call in calls}) == 1
    assert {call.caller.rpartition(".")[2] for call in calls} == {"visit"}


def test_the_process_and_the_hook_are_named(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        ask(1)
        begin("select a", [], via="sqlalchemy", write="a").finish()
        begin("GET /", [], is_frame=True).finish()
    assert [call.reserved["process"] for call in calls] == [str(os.getpid())] * 3
    assert [(call.reserved["via"], call.reserved.get("write"), call.reserved.get("frame")) for call in calls] == [
        ("python", None, None),
        ("sqlalchemy", "a", None),
        ("python", None, "1"),
    ]


@pytest.mark.parametrize(("error", "is_failure"), [(KeyError, True), (KeyboardInterrupt, True), (GeneratorExit, False)])
def test_a_call_that_ends_by_an_exception_has_failed(
    tmp_path: Path, error: type[BaseException], is_failure: bool
) -> None:
    with tracing(tmp_path) as calls, pytest.raises(error), trace("f"):
        raise error
    assert ("failed" in calls[0].reserved) is is_failure


def test_a_generator_that_raises_has_failed_and_one_that_ends_has_not(tmp_path: Path) -> None:
    @traced
    def read(*, fails: bool) -> Iterator[int]:
        yield 1
        if fails:
            raise LookupError

    with tracing(tmp_path) as calls:
        list(read(fails=False))
        with pytest.raises(LookupError):
            list(read(fails=True))
    assert ["failed" in call.reserved for call in calls] == [False, True]


def test_a_call_can_be_marked(tmp_path: Path) -> None:
    @traced(write="orders")
    def place_order(number: int) -> int:
        return number

    with tracing(tmp_path) as calls:
        place_order(1)
        with trace("look_up", key=1) as call:
            call.mark(cached=True, failed=False)
        with trace("f") as call:
            call.mark(function="better|name", write="a|b")
    assert [call.reserved.get("write") for call in calls] == ["orders", None, "a|b"]
    assert [call.reserved.get("cached") for call in calls] == [None, "1", None]
    assert calls[2].function == "better|name"
    assert "failed" not in calls[1].reserved


def test_the_test_the_try_and_the_phase_are_those_at_the_start(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        emit.name_test("test_it", attempt=2, phase="setup")
        with trace("f"):
            named = testing.get_test()
            emit.name_test(None)
            ask(1)
            testing.set_test(named)
            child = "from tracereport.emit import trace\nwith trace('child'): pass"
            environment = {**os.environ, "PERF_TRACE": str(tmp_path / "child.log")}
            subprocess.run([sys.executable, "-c", child], env=environment, check=True)
        emit.name_test(None)
    asked, call = calls
    [child_call] = read_written(tmp_path / "child.log")
    assert asked.test is None
    for each in (call, child_call):
        assert (each.test, each.reserved["try"], each.reserved["phase"]) == ("test_it", "2", "setup")


def test_what_began_inside_a_block_and_never_ended_is_over_with_it(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        with trace("outer"):
            with trace("page"):
                begin("never ended", [])
            ask(1)
        ask(2)
    assert [(call.function, call.number, call.parent) for call in calls] == [
        ("page", 1, 0),
        ("ask", 3, 0),
        ("outer", 0, None),
        ("ask", 4, None),
    ]


def test_a_lazy_call_is_written_where_something_happens_inside_it(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        with begin("empty", [], is_lazy=True), begin("empty, too", [], is_lazy=True):
            pass
        with begin("test", [], is_lazy=True, is_frame=True), begin("fixture", [], is_lazy=True, is_frame=True):
            ask(1)
            ask(2)
    assert [(call.function, call.number, call.parent) for call in calls] == [
        ("ask", 2, 1),
        ("ask", 3, 1),
        ("fixture", 1, 0),
        ("test", 0, None),
    ]


class Repository:
    limit = 3

    def __init__(self) -> None:
        self.asked = 0

    def find(self, key: int) -> int:
        return key

    @staticmethod
    def count() -> int:
        return 1

    @classmethod
    def make(cls) -> "Repository":
        return cls()

    @property
    def size(self) -> int:
        return 2

    def _find_inside(self) -> None:
        pass


def test_each_public_function_of_a_decorated_class_is_traced(tmp_path: Path) -> None:
    members = {**vars(Repository)}
    assert traced(Repository) is Repository
    try:
        with tracing(tmp_path) as calls:
            repository = Repository.make()
            assert (repository.find(3), repository.count(), repository.size) == (3, 1, 2)
            repository._find_inside()
    finally:
        for name in ("find", "count", "make"):
            setattr(Repository, name, members[name])
    assert [(call.function, call.params) for call in calls] == [
        ("Repository.make", ()),
        ("Repository.find", (("key", "3"),)),
        ("Repository.count", ()),
    ]


def test_members_are_wrapped_where_they_are_defined_and_asynchronous_generators_left_out() -> None:
    class Above:
        def find(self) -> None: ...

    class Below(Above):
        async def stream(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
            yield 1

        def keep(self) -> None: ...

    wrapped: list[str] = []

    def note(member: Callable[..., object]) -> Callable[..., object]:
        wrapped.append(member.__name__)
        return member

    wrap_members(Below, note)
    assert wrapped == ["keep"]


MODULE = """
from enum import Enum
from textwrap import dedent

class Standing:
    # as an object that stands for another one, and has none for now
    def __getattribute__(self, name): raise RuntimeError(name)

current = Standing()

class Colour(Enum):
    RED = 1
    def shade(self): return self

class Missing(Exception):
    def explain(self): return self

class Store:
    def load(self, key): return key

def find(key): return key
def _hidden(): return None
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "module_to_trace"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize("is_early", [False, True])
def test_a_module_is_traced_now_or_once_it_is_imported(tmp_path: Path, module: str, is_early: bool) -> None:
    if is_early:
        trace_module(module)
    loaded = importlib.import_module(module)
    assert loaded.__spec__ is not None
    assert loaded.__spec__.loader is loaded.__loader__
    assert type(loaded.__loader__).__name__ == "SourceFileLoader"
    assert "exec_module" not in vars(loaded.__loader__)
    if not is_early:
        trace_module(loaded)
    with tracing(tmp_path) as calls:
        loaded.find(1)
        loaded.Store().load(2)
        loaded.Colour.RED.shade()
        loaded.Missing().explain()
        loaded._hidden()
        loaded.dedent("x")
    assert [call.function for call in calls] == ["find", "Store.load"]
    assert loaded.dedent is textwrap.dedent


def test_an_import_that_fails_fails_as_it_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_module.py").write_text("raise LookupError('broken')")
    monkeypatch.syspath_prepend(str(tmp_path))
    trace_module("broken_module")
    trace_module("no_such_module_at_all")
    with pytest.raises(LookupError, match="broken"):
        importlib.import_module("broken_module")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        importlib.import_module("no_such_module_at_all")


def test_importing_it_creates_no_file(tmp_path: Path) -> None:
    environment = {**os.environ, "PERF_TRACE": str(tmp_path / "trace.log")}
    subprocess.run([sys.executable, "-c", "import tracereport.emit"], env=environment, check=True)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["my program.py"], "my_program"),
        (["-m", "package"], "package"),
        (["-c", "from tracereport.emit import trace\nwith trace('f'): pass"], "c"),
    ],
)
def test_a_file_can_be_named_after_the_program(tmp_path: Path, arguments: list[str], name: str) -> None:
    code = "from tracereport.emit import trace\nwith trace('f'): pass"
    (tmp_path / "my program.py").write_text(code)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text(code)
    environment = {**os.environ, "PERF_TRACE": str(tmp_path / "%n-%p.log")}
    done = subprocess.run([sys.executable, *arguments], env=environment, cwd=tmp_path, check=True, capture_output=True)
    assert done.stderr == b""
    [log] = tmp_path.glob("*.log")
    assert re.fullmatch(rf"{name}-[0-9]+\.log", log.name)
