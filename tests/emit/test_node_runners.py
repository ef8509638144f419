"""The Node emitter under test runners, and as each module system and TypeScript take it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.emitters import find_tool, require_package
from tests.emitters.commonjs import to_commonjs
from tests.paths import EXAMPLES, ROOT
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import WrittenCall, read_written
from tracereport.command.emitter_files import node_environment, read_emitter

NODE = EXAMPLES / "node"
LIBRARY = """
const rows = [0, 1, 2, 3].map((id) => ({ id, name: `A${id}` }));
class Pool { async query(text, [id]) { return { rows: rows.filter((row) => row.id === id) }; } }
const pool = traceQueries(new Pool());
async function findAuthor(id) { return (await pool.query("select * from authors where id = $1", [id])).rows[0]; }
export async function listBooks() {
  const names = [];
  for (const id of [0, 1, 2, 3]) names.push((await findAuthor(id)).name);
  return names;
}
"""
VITEST = """
import { beforeEach, describe, expect, test } from "vitest";
import { listBooks } from "../src/pages.mjs";
let tries = 0;
describe("pages", () => {
  test("lists", async () => { expect(await listBooks()).toHaveLength(4); });
  test("again", { retry: 1 }, async () => { await listBooks(); tries += 1; expect(tries).toBe(2); });
});
test.concurrent("one", async () => { await listBooks(); });
test.concurrent("two", async () => { await listBooks(); });
"""
JEST = """
const { listBooks } = require("../src/pages.cjs");
describe("pages", () => {
  test("lists", async () => { expect(await listBooks()).toHaveLength(4); });
});
"""
NODE_TEST = """
import { describe, test } from "node:test";
import { listBooks } from "../src/pages.mjs";
describe("pages", () => { test("lists", async () => { await listBooks(); }); });
test("outer", async (t) => {
  await listBooks();
  await t.test("inner", async () => { await listBooks(); });
});
describe("at once", { concurrency: true }, () => {
  let begin, end;
  const begun = new Promise((go) => { begin = go; });
  const ended = new Promise((go) => { end = go; });
  test("one", async () => { await begun; await listBooks(); end(); });
  test("two", async () => {
    begin();
    await ended;
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate); // the runner ends the other
    await listBooks();
  });
});
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the library in both module systems, and the packages of the repository."""
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "src").mkdir()
    (tmp_path / "test").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("perf-trace.mjs", "perf-trace.cjs", "perf-trace-emitter.cjs"):
        (tmp_path / "src" / name).write_text((NODE / name).read_text("utf-8"), "utf-8")
    library = f'import {{ traceQueries }} from "./perf-trace.mjs";{LIBRARY}'
    (tmp_path / "src" / "pages.mjs").write_text(library)
    (tmp_path / "src" / "pages.cjs").write_text(to_commonjs(library))
    return tmp_path


def run(project: Path, *command: str) -> dict[str, list[WrittenCall]]:
    """Runs the tests, and gives for each test, or none, the statements that the library has asked."""
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, "PERF_TRACE": str(project / "trace-%p.log"), "CI": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tests: dict[str, list[WrittenCall]] = {}
    for log in sorted(project.glob("trace-*.log")):
        calls = read_written(log)
        assert sorted(call.number for call in calls) == list(range(len(calls)))
        frames = {call.number: call for call in calls if call.reserved.get("frame") == "1"}
        for call in calls:
            if call.number in frames:
                continue
            assert (call.caller, call.reserved["at"].rpartition(":")[0]) == ("findAuthor", f"src/pages.{ending(log)}")
            name = call.test or ""
            if call.reserved.get("try") is not None:
                name += f" (try {call.reserved['try']})"
            tests.setdefault(name, []).append(call)
            parent = None if call.parent is None else frames[call.parent]
            assert (None if parent is None else parent.function) == call.test
            assert parent is None or parent.elapsed_us >= call.elapsed_us
    return tests


def ending(log: Path) -> str:
    return "cjs" if (log.parent / "test" / "pages.test.cjs").exists() else "mjs"


def counted(tests: dict[str, list[WrittenCall]]) -> dict[str, int]:
    return {name: len(calls) for name, calls in tests.items()}


@pytest.mark.parametrize("pool", ["forks", "threads", "vmThreads"])
def test_vitest(project: Path, pool: str) -> None:
    require_package("vitest")
    (project / "test" / "pages.test.mjs").write_text(VITEST)
    tests = run(project, str(ROOT / "node_modules" / ".bin" / "vitest"), "run", f"--pool={pool}")
    file = "test/pages.test.mjs > "
    assert counted(tests) == {
        f"{file}pages > lists": 4,
        f"{file}pages > again": 4,
        f"{file}pages > again (try 2)": 4,
        "": 8,
    }


@pytest.mark.parametrize("pool", ["forks", "threads"])  # processes of the package, and the command itself
def test_the_file_of_a_process_can_be_named_by_its_program(project: Path, pool: str) -> None:
    require_package("vitest")
    (project / "test" / "pages.test.mjs").write_text(VITEST)
    environment = {**os.environ, "PERF_TRACE": str(project / "%n-%p.log")}
    command = [str(ROOT / "node_modules" / ".bin" / "vitest"), "run", f"--pool={pool}"]
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    (project / "main.mjs").write_text('import { listBooks } from "./src/pages.mjs"; await listBooks();')
    subprocess.run([find_tool("node"), "main.mjs"], cwd=project, env=environment, check=True, timeout=PATIENCE_SECONDS)
    assert {log.name.rpartition("-")[0] for log in project.glob("*.log")} == {"vitest", "main.mjs"}


def test_jest(project: Path) -> None:
    require_package("jest")
    (project / "test" / "pages.test.cjs").write_text(JEST)
    (project / "test" / "other.test.cjs").write_text(JEST.replace("lists", "other"))
    configuration = json.dumps({"testMatch": ["**/*.test.cjs"], "moduleFileExtensions": ["cjs", "js"]})
    (project / "jest.config.json").write_text(configuration)
    command = [str(ROOT / "node_modules" / ".bin" / "jest"), "--runInBand", "--config=jest.config.json"]
    assert counted(run(project, *command)) == {
        "test/pages.test.cjs > pages lists": 4,
        "test/other.test.cjs > pages other": 4,
    }


def test_a_test_of_jest_that_loads_the_emitter_is_no_frame_but_named(project: Path) -> None:
    require_package("jest")
    test = 'test("lists", async () => { await require("../src/pages.cjs").listBooks(); });\n'
    (project / "test" / "pages.test.cjs").write_text(test)
    configuration = json.dumps({"testMatch": ["**/*.test.cjs"], "moduleFileExtensions": ["cjs", "js"]})
    command = [str(ROOT / "node_modules" / ".bin" / "jest"), "--runInBand", "--config", configuration]
    environment = {**os.environ, "PERF_TRACE": str(project / "trace.log")}
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    calls = read_written(project / "trace.log")
    assert [(call.number, call.test, call.parent) for call in calls] == [
        (number, "test/pages.test.cjs > lists", None) for number in range(4)
    ]


MOCHA = """
const { listBooks } = require("../src/pages.cjs");
INTERFACE
suite("pages", () => {
  setup(async () => { await listBooks(); });
  test("lists", async () => { await listBooks(); });
  test("again", async function () {
    this.retries(1);
    await listBooks();
    if (this.test.currentRetry() === 0) throw new Error("flaky");
  });
});
"""
BDD = "const [suite, setup, test] = [describe, beforeEach, it];"


@pytest.mark.parametrize(("interface", "names"), [("bdd", BDD), ("tdd", "")])
@pytest.mark.parametrize("options", [(), ("--parallel",)])
def test_mocha(project: Path, interface: str, names: str, options: tuple[str, ...]) -> None:
    require_package("mocha")
    (project / "test" / "pages.test.cjs").write_text(MOCHA.replace("INTERFACE", names))
    mocha = str(ROOT / "node_modules" / ".bin" / "mocha")
    tests = run(project, mocha, f"--ui={interface}", *options, "test/pages.test.cjs")
    file = "test/pages.test.cjs > pages > "
    assert counted(tests) == {f"{file}lists": 8, f"{file}again": 8, f"{file}again (try 2)": 8}


def test_node_test(project: Path) -> None:
    node = find_tool("node")
    (project / "test" / "pages.test.mjs").write_text(NODE_TEST)
    tests = counted(run(project, node, "--test"))
    file = "test/pages.test.mjs > "
    assert tests == {
        **dict.fromkeys((f"{file}pages > lists", f"{file}outer", f"{file}outer > inner"), 4),
        "": 4,  # while two tests ran
        f"{file}at once > two": 4,
    }


def test_files_of_node_tests_are_told_apart_where_one_process_runs_them_all(project: Path) -> None:
    node = find_tool("node")
    test = 'import test from "node:test"; import { listBooks } from "../src/pages.mjs"; test("lists", listBooks);\n'
    for name in ("one", "two"):
        (project / "test" / f"{name}.test.mjs").write_text(test)
    known = subprocess.run([node, "--help"], check=True, capture_output=True, encoding="utf-8").stdout
    options = ["--test-isolation=none"] if "--test-isolation" in known else []  # Node 22 or later
    assert counted(run(project, node, "--test", *options)) == {
        "test/one.test.mjs > lists": 4,
        "test/two.test.mjs > lists": 4,
    }


def test_a_program_that_a_test_starts_is_no_test(project: Path) -> None:
    node = find_tool("node")
    (project / "test" / "pages.test.mjs").write_text(
        'import test from "node:test"; import assert from "node:assert";\n'
        'import { execFileSync } from "node:child_process";\n'
        'test("runs", () => assert.equal(String(execFileSync(process.execPath, ["src/main.mjs"])), "A0\\n"));\n'
    )
    (project / "src" / "main.mjs").write_text(
        'import { listBooks } from "./pages.mjs"; console.log((await listBooks())[0]);\n'
    )
    assert counted(run(project, node, "--test")) == {"": 4}


def test_the_commonjs_form_is_made_of_the_module() -> None:
    made = to_commonjs((NODE / "perf-trace.mjs").read_text("utf-8"))
    assert (NODE / "perf-trace.cjs").read_text("utf-8") == made, "python -m tests.emitters.commonjs writes it anew"


def test_both_forms_in_one_program_share_the_counter_and_the_calls(project: Path) -> None:
    (project / "main.mjs").write_text(
        'import { trace } from "./src/perf-trace.mjs"; import { listBooks } from "./src/pages.cjs";\n'
        'import { trace as other } from "./src/perf-trace.cjs";\n'
        'await trace("page", {}, () => other("list", {}, listBooks));\n'
    )
    environment = {**os.environ, "PERF_TRACE": str(project / "trace.log")}
    subprocess.run([find_tool("node"), "main.mjs"], cwd=project, env=environment, check=True, timeout=PATIENCE_SECONDS)
    *statements, inner, outer = read_written(project / "trace.log")
    assert [(call.number, call.parent) for call in statements] == [(number, 1) for number in range(2, 6)]
    assert [(call.function, call.number, call.parent) for call in (inner, outer)] == [("list", 1, 0), ("page", 0, None)]


TYPED = """
import { answer, mark, record, trace, traced } from "./EMITTER";
import { traceExpress, traceFastify, traceFetch, traceHandler, traceHono, tracePrisma, traceQueries } from "./EMITTER";
class Pool {
  async query(text: string, values: unknown[] = []): Promise<{ rows: string[] }> { return { rows: [text] }; }
}
const pool: Pool = traceQueries(new Pool());
const load = traced("load", ["id"], async (id: number) => answer(id + 1));
export const sum: Promise<number> = load(1);
export const text: string = trace("text", { id: 1 }, () => {
  record({ rows: 1, flag: true });
  mark({ cached: true });
  return "x";
});
export const extension = tracePrisma();
export { pool, traceExpress, traceFastify, traceHono };
export const GET = traceHandler(async (request: Request) => new Response(request.url));
export const answered: Promise<Response> = GET(new Request("http://host/"));
export const fetchJson = traceFetch(async (url: string) => url.length);
// @ts-expect-error an argument of another type
load("1");
// @ts-expect-error a metric that is no number
record({ rows: "many" });
"""


@pytest.mark.parametrize(
    ("module", "resolution", "forms"),
    [("NodeNext", "NodeNext", "mc"), ("Node16", "Node16", "mc"), ("ESNext", "bundler", "m")],
)
def test_typescript_knows_the_types_of_both(project: Path, module: str, resolution: str, forms: str) -> None:
    require_package("typescript")
    types = (NODE / "perf-trace.d.mts").read_text("utf-8")
    for form in forms:
        (project / "src" / f"perf-trace.d.{form}ts").write_text(types)
        (project / "src" / f"use.{form}ts").write_text(TYPED.replace("EMITTER", f"perf-trace.{form}js"))
    (project / "src" / "perf-trace.ts").write_bytes(read_emitter("typescript"))
    (project / "src" / "use.ts").write_text(TYPED.replace("EMITTER", "perf-trace.js"))
    options = {
        "strict": True,
        "noEmit": True,
        "module": module,
        "moduleResolution": resolution,
        "target": "ES2022",
        "lib": ["ES2022", "DOM"],
        "types": [],
    }
    (project / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "include": ["src/*.ts", "src/*.mts", "src/*.cts"]})
    )
    done = subprocess.run(
        [str(ROOT / "node_modules" / ".bin" / "tsc"), "-p", str(project)],
        capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "type_"), [("NodeNext", "module"), ("NodeNext", "commonjs"), ("CommonJS", "commonjs")]
)
def test_a_compiler_takes_the_typed_file_along(project: Path, module: str, type_: str) -> None:
    require_package("typescript")
    (project / "package.json").write_text(json.dumps({"type": type_, "private": True}))
    (project / "src" / "perf-trace.ts").write_bytes(read_emitter("typescript"))
    (project / "src" / "main.ts").write_text(
        'import { answer, traced } from "./perf-trace.js";\n'
        'const load = traced("load", ["id"], async (id: number): Promise<number> => answer(id + 1));\n'
        "void load(1);\n"
    )
    options = {"strict": True, "module": module, "target": "ES2022", "outDir": "dist", "declaration": True, "types": []}
    options |= {"sourceMap": True, "noUncheckedIndexedAccess": True, "exactOptionalPropertyTypes": True}
    if module == "CommonJS":
        options |= {"moduleResolution": "node10"}
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["src/*.ts"]}))
    tsc = [str(ROOT / "node_modules" / ".bin" / "tsc"), "-p", str(project)]
    done = subprocess.run(tsc, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stdout
    environment = {**os.environ, "PERF_TRACE": str(project / "trace.log"), **node_environment({})}
    command = [find_tool("node"), "--enable-source-maps", "dist/main.js"]
    subprocess.run(command, cwd=project, env=environment, check=True, timeout=PATIENCE_SECONDS)
    [call] = read_written(project / "trace.log")
    assert (call.function, call.params, call.reserved["at"]) == ("load", (("id", "1"),), "src/main.ts:3")
