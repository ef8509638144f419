"""The Node emitter, where no call, test or request stands around: which calls surely are one run's of a function."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.emitters import find_tool
from tests.paths import EXAMPLES, ROOT
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import WrittenCall, read_written
from tracereport.command.emitter_files import node_environment

POOL = """
import { traceQueries } from "./perf-trace.mjs";
class Pool {
  query(text, [id]) { return new Promise((resolve) => setTimeout(resolve, 1, { rows: [{ id }] })); }
}
const pool = traceQueries(new Pool());
const query = (text, values) => pool.query(text, values);
const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
const ids = [1, 2, 3, 4, 5, 6];
async function find(id) { return (await query("select * from authors where id = $1", [id])).rows[0]; }
"""
LOOPS = {
    "in a module": "for (const id of ids) await query('select 1 from books where id = $1', [id]);",
    "through a helper": "async function main() { for (const id of ids) await find(id); }\nmain().catch(console.error);",
    "with other waits": """async function main() {
        for (let place = 0; place < ids.length; place += 1) { await find(ids[place]); await pause(); }
    }
    await main();""",
    "all at once": "const main = async () => { await Promise.all(ids.map((id) => find(id))); };\nmain();",
    "all at once, later, by a helper": """async function load(id) { await pause(); return find(id); }
    async function main() { const all = await Promise.all(ids.map(load)); return all; }
    main();""",
    "all at once, later": """(async () => {
        await Promise.all(ids.map(async (id) => { await pause(); await find(id); }));
    })();""",
    "without braces": """async function main(isOdd) {
        for (const id of ids)
            if (isOdd) await pause();
            else await find(id);
    }
    void main(false);""",
    "in layers": """async function list() { for (const id of ids) await find(id); }
    async function page() { await pause(); return await list(); }
    async function main() { return await page(); }
    if (ids.length > 0) { main(); }""",
    "in a test of whichever runner": """import { test } from "runner";
    test("lists", async () => { for (const id of ids) await find(id); });""",
    "in one of a suite": """import { it, describe } from "runner";
    describe("books", () => {
        it.only("are listed", { timeout: 10 }, async function () { await Promise.all(ids.map(find)); });
    });""",
}
OTHERS = {
    "one after the other": f"async function main() {{ {'await find(1); ' * 6}}}\nmain();",
    "at the same time": "await Promise.all([find(1), find(2), find(3), find(4), find(5), find(6)]);",
    "a timer": "let id = 0;\nconst timer = setInterval(() => (id < 6 ? find(id++) : clearInterval(timer)), 2);",
    "turns without end": """async function* listen() { for (const id of ids) { await pause(); yield id; } }
    async function main() { for await (const id of listen()) await find(id); }
    await main();""",
    "polls": "async function main() { let id = 0; while (id < 6) await find(id++); }\nmain();",
    "itself": "async function walk(id) { await find(id); if (id < 6) await walk(id + 1); }\nwalk(1);",
    "messages of a library's loop": """import { consume } from "runner";
    await query("select * from settings where id = $1", [0]);
    await consume(async (id) => { await find(id); });""",
    "messages that come at once": """import { EventEmitter } from "node:events";
    const queue = new EventEmitter();
    queue.on("message", find).on("chunk", (some) => { for (const id of some) queue.emit("message", id); });
    await query("select * from settings where id = $1", [0]);
    setTimeout(() => queue.emit("chunk", ids), 2);""",
    "tests that a library starts at once": """import { specify } from "runner";
    for (const id of ids) specify("finds one", async () => { await find(id); });""",
    "a loop around it": """async function main(id) { await find(id); }
    while (ids.length > 0) await main(ids.pop());""",
    "tests made in a loop": """import { test } from "runner";
    for (const id of ids) test("finds one", async () => { await find(id); });""",
    "suites made in a loop": """import { it, describe } from "runner";
    ids.forEach((id) => describe("books", () => it("finds one", () => find(id))));
    for (const id of ids) describe("books", () => it("finds one", () => find(id)));""",
    "a handler": """import { on } from "runner";
    on("message", async (id) => { await find(id); });""",
}
OF_LIBRARIES = {
    "a loop around events": (
        """import { EventEmitter } from "node:events";
        const queue = new EventEmitter().on("message", find);
        for (const id of ids) queue.emit("message", id);""",
        [6],
    ),
    "fields of an answer's rows": (
        """import { resolve } from "runner";
        const list = async () => (await query("select * from posts where id = $1", [0])) && ids;
        await resolve(list, (id) => find(id));""",
        [6],
    ),
    "fields of an answer's rows, a tick later": (
        """import { resolveLater } from "runner";
        const list = async () => (await query("select * from posts where id = $1", [0])) && ids;
        await resolveLater(list, (id) => find(id));""",
        [6],
    ),
    "an exported function": ("export async function main() { for (const id of ids) await find(id); }\nmain();", [6]),
    "two callers": (
        "async function main(some) { for (const id of some) await find(id); }\nmain([1, 2, 3]);\nmain([14, 15, 16]);",
        [3, 3],
    ),
    "handlers that loop": (
        """import { consume } from "runner";
        await consume(async (message) => { for (const id of ids) await find(10 * message + id); });""",
        6 * [6],
    ),
    "handlers that loop, at the same time": (
        """import { EventEmitter } from "node:events";
        const queue = new EventEmitter();
        queue.on("message", async (message) => { for (const id of ids) await find(10 * message + id); });
        setTimeout(() => { queue.emit("message", 1); queue.emit("message", 2); }, 2);""",
        [6, 6],
    ),
    "a handler with two loops": (
        """import { EventEmitter } from "node:events";
        const queue = new EventEmitter();
        queue.on("message", async () => {
            for (const id of ids.slice(3)) await find(id);
            await Promise.all(ids.slice(0, 3).map((id) => find(id)));
        });
        setTimeout(() => queue.emit("message"), 2);""",
        [6],
    ),
    "a helper that nobody awaits": (
        """async function notify(some) { for (const id of some) await find(id); }
        export function handle(some) { notify(some); }
        export async function handleLater(some) { await pause(); notify(some); }
        handle(ids);
        handleLater(ids.map((id) => 10 + id));""",
        [6, 6],
    ),
    "flows that are answered in the same turn": (
        """const fake = traceQueries({ query: async (text, [id]) => ({ rows: [{ id }] }) });
        const ask = (id) => fake.query("select * from authors where id = $1", [id]);
        export async function main(some) { for (const id of some) await ask(id); }
        main([1, 2, 3]);
        main([14, 15, 16]);""",
        [],
    ),
}  # fmt: skip
"""Modules, and how many calls those runs ask that ask for more than one author."""
RUNNER = """
export const test = (name, ...others) => { setImmediate(others.at(-1)); };
test.only = test;
export const it = test;
export const describe = (name, body) => body();
export const specify = (name, body) => { body(); };
export const consume = async (handle) => {
  for (let id = 0; id < 6; id += 1) { await new Promise((resolve) => setTimeout(resolve, 2)); await handle(id); }
};
export const resolve = (list, each) => list().then((rows) => Promise.all(rows.map((row) => each(row))));
export const resolveLater = (list, each) => resolve(list, (row) => new Promise((done, fail) => {
  Promise.resolve().then(() => process.nextTick(() => each(row).then(done, fail)));
}));
export const on = async (name, body) => { for (let id = 0; id < 6; id += 1) await body(id); };
"""


def run(folder: Path, module: str) -> list[WrittenCall]:
    prepare(folder, f"{POOL}\n{module}\n")
    environment = {**os.environ, "PERF_TRACE": str(folder / "trace.log"), **node_environment({})}
    subprocess.run([find_tool("node"), "main.mjs"], cwd=folder, env=environment, check=True, timeout=PATIENCE_SECONDS)
    return read_written(folder / "trace.log")


def prepare(folder: Path, module: str) -> None:
    (folder / ".git").mkdir()
    (folder / "perf-trace.mjs").write_bytes((EXAMPLES / "node" / "perf-trace.mjs").read_bytes())
    (folder / "main.mjs").write_text(module)
    library = folder / "node_modules" / "runner"
    library.mkdir(parents=True)
    (library / "package.json").write_text('{"type": "module", "main": "index.js"}')
    (library / "index.js").write_text(RUNNER)


def activations(calls: list[WrittenCall]) -> list[str | None]:
    return [call.reserved.get("activation") for call in calls]


@pytest.mark.parametrize("module", LOOPS.values(), ids=LOOPS)
def test_a_loop_is_one_run(tmp_path: Path, module: str) -> None:
    calls = run(tmp_path, module)
    assert activations(calls) == 6 * ["0"]


@pytest.mark.parametrize("module", OTHERS.values(), ids=OTHERS)
def test_what_isnt_surely_one_run_isnt_said_to_be(tmp_path: Path, module: str) -> None:
    said = [each for each in activations(run(tmp_path, module)) if each is not None]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(("module", "asked"), OF_LIBRARIES.values(), ids=OF_LIBRARIES)
def test_what_a_library_calls_is_told_by_the_answer_that_it_follows(
    tmp_path: Path, module: str, asked: list[int]
) -> None:
    calls = [call for call in run(tmp_path, module) if call.function == "select authors"]
    runs = Counter(activations(calls))
    del runs[None]
    assert [count for count in runs.values() if count > 1] == asked
    for each in runs:  # none asks what another one asks, which are of other tens
        of_run = [int(dict(call.params)["p1"]) for call in calls if call.reserved.get("activation") == each]
        assert len({author // 10 for author in of_run}) == 1


def test_two_loops_of_one_run_are_told_from_those_of_another(tmp_path: Path) -> None:
    calls = run(
        tmp_path,
        "async function list(some) { for (const id of some) await find(id); for (const id of some) await find(id); }\n"
        "async function main() {\n  await list([1, 2]);\n  await list([3, 4]);\n}\nmain();",
    )
    assert activations(calls) == [*(4 * ["0"]), *(4 * ["4"])]


def test_within_a_call_the_caller_is_known_without(tmp_path: Path) -> None:
    calls = run(tmp_path, 'import { trace } from "./perf-trace.mjs";\nawait trace("page", {}, () => find(1));')
    assert [(call.function, call.reserved.get("activation")) for call in calls] == [
        ("select authors", None),
        ("page", "0"),
    ]


FETCHES = """
import { createServer } from "node:http";
import { once } from "node:events";
import { traceFetch } from "./perf-trace.mjs";
traceFetch();
const server = createServer((request, response) => response.end("{}")).listen(0);
await once(server, "listening");
const { port } = server.address();
async function find(id) { return (await fetch(`http://127.0.0.1:${port}/authors?id=${id}`)).json(); }
for (const id of [1, 2, 3, 4, 5, 6]) await find(id);
server.close();
"""


@pytest.mark.parametrize("module", [f"{POOL}{LOOPS['through a helper']}", FETCHES], ids=["statements", "requests"])
def test_a_script_without_a_test_or_request_has_a_sure_finding(tmp_path: Path, module: str) -> None:
    find_tool("node")
    prepare(tmp_path, module)
    subprocess.run(
        [sys.executable, "-m", "tracereport", "run", "-q", "-o", "report.json", "--", "node", "main.mjs"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True, timeout=PATIENCE_SECONDS, capture_output=True,
    )  # fmt: skip
    first = json.loads((tmp_path / "report.json").read_text("utf-8"))["findings"]["rows"][0]
    assert (first["kind"], first["confidence"], first["callers"]) == ("fan-out", "sure", ["find"])
