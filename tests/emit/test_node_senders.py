"""The Node emitter, where a program's own function sends the statements that it is given: who gives one asks it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.emitters import find_tool, require_package
from tests.paths import EXAMPLES, ROOT
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import WrittenCall, read_written
from tracereport.command.emitter_files import node_environment, read_emitter

POOL = """
import { traceQueries } from "./perf-trace.mjs";
class Pool {
  query(text, values, done) {
    if (done !== undefined) return void setImmediate(done, null, { rows: [] });
    return new Promise((resolve) => setTimeout(resolve, 1, { rows: [] }));
  }
  async connect() { return this; }
  release() {}
}
const pool = traceQueries(new Pool());
"""
GIVEN = {
    "an arrow": "const query = (text, values) => pool.query(text, values)",
    "an arrow over lines": "const query = async (\n  text,\n  values = [],\n) =>\n  pool.query(text, values);",
    "an arrow with one parameter": "const query = async text => await pool.query(text);",
    "a function that logs": """async function query(text, values) {
        const start = Date.now(); // it's for `console.log`
        const result = await pool.query(text, values);
        console.log(`${text.trim()} took ${Date.now() >= start ? `a ${"while"}` : "{"}`, text.replace(/['"`/{]/g, ""));
        return result;
    }""",
    "a client of its own": """const query = async function (text, values) {
        const client = await pool.connect();
        try {
            return await client.query(text, values);
        } finally {
            client.release();
        }
    };""",
    "an object": "const query = (text, ...values) => pool.query({ name: 'one', text, values });",
    "an object that it is given": """const send = (config) => pool.query(config);
        const query = (text) => send({ text });""",
    "a parameter that is taken apart": """const send = ({ text, values: [one] }) => pool.query({ text, values: [one] });
        const query = (text) => send({ text, values: [1] });""",
    "a method": """class Database {
        #pool = pool;
        async query(text, values) { return (await this.#pool.query(text, values)).rows; }
    }
    const database = new Database();
    const query = (text) => database.query(text);""",
    "all arguments": "const query = (...args) => pool.query(...args);",
    "arguments": "function query() { return pool.query.apply(pool, arguments); }",
    "a callback": """const query = (text, values) =>
        new Promise((resolve, reject) => {
            pool.query(text, values, (error, result) => (error ? reject(error) : resolve(result)));
        });""",
    "another try": """async function again(send) { await null; return await send(); }
        const query = async (text) => await again(() => pool.query(text));""",
    "its text, tidied": "function query(text) {\n  text = text.trim();\n  return pool.query(text);\n}",
    "its text, tidied by name": """function query(text) {
        const sql = text.replace(/\\s+/g, " ").trim();
        return pool.query(sql);
    }""",
    "its text, tidied where it is sent": "const query = (text, values) => pool.query(text.trim(), values);",
    "three layers": """const send = (text) => pool.query(text);
        const log = async (text) => { await null; return await send(text); };
        async function query(text) { const { rows } = await log(text); return rows; }""",
}
BUILT = {
    "its text": "const query = (text) => pool.query(`${text} limit 1`) // here",
    "its text, by name": 'function query(text) {\n  const sql = text + "";\n  return pool.query(sql); // here\n}',
    "its text, anew": "function query(text) {\n  text = change(text);\n  return pool.query(text); // here\n}",
    "another text": "function query(text) {\n  text = text.trim(); text = base;\n  return pool.query(text); // here\n}",
    "a value": 'const query = (text) => pool.query("select 1 from books", [text]) // here',
    "a variable with that name": """const other = (sql) => sql
        async function query(text) {
            for (const sql of [text.trim()]) await pool.query(sql); // here
        }""",
}
SERVICE = """
async function listBooks() {
  await query("select 1 from books", [1]); // here
  await query("select 2 from books", [1]); // here
}
await listBooks();
"""
CALL = """
const change = (text) => text;
const base = "select 1";
async function listBooks() { await query("select 1 from books"); }
await listBooks();
"""


def run(folder: Path, module: str) -> list[WrittenCall]:
    """The statements of a module, whose lines say where each is asked."""
    (folder / ".git").mkdir()
    (folder / "perf-trace.mjs").write_bytes((EXAMPLES / "node" / "perf-trace.mjs").read_bytes())
    (folder / "main.mjs").write_text(module)
    environment = {**os.environ, "PERF_TRACE": str(folder / "trace.log"), **node_environment({})}
    subprocess.run([find_tool("node"), "main.mjs"], cwd=folder, env=environment, check=True, timeout=PATIENCE_SECONDS)
    return read_written(folder / "trace.log")


def places(module: str, mark: str, file: str = "main.mjs") -> list[str]:
    return [f"{file}:{number}" for number, line in enumerate(module.splitlines(), start=1) if mark in line]


def asked(calls: list[WrittenCall]) -> list[tuple[str, str]]:
    return [(call.caller, call.reserved["at"]) for call in calls if call.reserved.get("frame") is None]


@pytest.mark.parametrize("helper", GIVEN.values(), ids=GIVEN)
def test_who_gives_a_statement_asks_it(tmp_path: Path, helper: str) -> None:
    module = f"{POOL}\n{helper}\n{SERVICE}"
    assert asked(run(tmp_path, module)) == [("listBooks", place) for place in places(module, "// here")]


@pytest.mark.parametrize("helper", BUILT.values(), ids=BUILT)
def test_who_makes_a_statement_asks_it_whatever_it_is_given(tmp_path: Path, helper: str) -> None:
    module = f"{POOL}\n{helper}\n{CALL}"
    assert asked(run(tmp_path, module)) == [("query", place) for place in places(module, "// here")]


def test_where_nobody_is_around_it_the_function_that_sends_asks(tmp_path: Path) -> None:
    module = f'{POOL}function query(text) {{ return pool.query(text); }} // here\nsetTimeout(query, 1, "select 1");\n'
    assert asked(run(tmp_path, module)) == [("query", place) for place in places(module, "// here")]


def test_a_function_without_a_name_doesnt_get_that_of_nodes_timer(tmp_path: Path) -> None:
    module = f'{POOL}\nsetTimeout(() => pool.query("select 1"), 1);\nsetImmediate(() => pool.query("select 2"));\n'
    assert {name for name, _ in asked(run(tmp_path, module))} == {"main.mjs"}


def test_a_source_that_cant_be_read_changes_nothing(tmp_path: Path) -> None:
    helper = """
import { runInThisContext } from "node:vm";
const helper = "(pool) => async function query(text) { await pool.query(text); }";
const query = runInThisContext(helper, { filename: "/nowhere/helper.js" })(pool);
"""
    assert asked(run(tmp_path, f"{POOL}\n{helper}\n{CALL}")) == [("query", "/nowhere/helper.js:1")]


def test_a_source_whose_brackets_arent_understood_changes_nothing(tmp_path: Path) -> None:
    odd = "const odd = `${[1].map((x) => `${[2].map((y) => `${x}{`)}`)}`;"
    module = f"{POOL}\n{odd}\nconst query = (text) => pool.query(text) // here\n{CALL}"
    assert asked(run(tmp_path, module)) == [("query", place) for place in places(module, "// here")]


def test_a_bundle_on_one_line_is_read_as_well(tmp_path: Path) -> None:
    bundle = 'const q=(t,v)=>pool.query(t,v),l=async()=>{await q("select 1 from books")};await l();'
    [(caller, _)] = asked(run(tmp_path, f"{POOL}\n{bundle}"))
    assert caller == "l"


def test_a_database_that_prepares(tmp_path: Path) -> None:
    module = """
import { traceQueries } from "./perf-trace.mjs";
class Statement { all() { return []; } get() {} run() { return { changes: 1 }; } }
class Database { prepare() { return new Statement(); } exec() {} pragma() {} }
const database = traceQueries(new Database());
const all = (sql, ...values) => database.prepare(sql).all(...values);
function get(sql, values) {
  const statement = database.prepare(sql);
  return statement.get(values);
}
const exec = (sql) => database.exec(sql);
const byId = database.prepare("select 1 from books where id = ?");
function find(id) {
  return byId.get(id); // here
}
function shelve() {
  all("select 1 from shelves", 1); // here
  get("select 2 from shelves", [1]); // here
  exec("delete from shelves"); // here
}
shelve();
find(1);
"""
    *shelved, found = asked(run(tmp_path, module))
    first, *others = places(module, "// here")
    assert shelved == [("shelve", place) for place in others]
    assert found == ("find", first)


def test_a_database_that_calls_back(tmp_path: Path) -> None:
    module = """
import { traceQueries } from "./perf-trace.mjs";
class Statement {}
class Database { prepare() { return new Statement(); } exec() {} }
for (const { prototype } of [Statement, Database]) {
  for (const name of ["all", "get", "run", "each"]) prototype[name] = (...args) => setImmediate(args.at(-1), null);
}
const database = traceQueries(new Database());
const all = (sql, values) => new Promise((resolve, reject) => {
  database.all(sql, values, (error, rows) => (error ? reject(error) : resolve(rows)));
});
async function shelve() {
  await all("select 1 from shelves", [1]); // here
}
await shelve();
"""
    assert asked(run(tmp_path, module)) == [("shelve", place) for place in places(module, "// here")]


def test_what_a_library_makes_of_a_parameter_is_asked_by_who_gives_it_that(tmp_path: Path) -> None:
    library = tmp_path / "node_modules" / "orm"
    library.mkdir(parents=True)
    (library / "package.json").write_text('{"type": "module", "exports": "./index.js"}')
    (library / "index.js").write_text("""
export class Model {
  constructor(pool) { this.pool = pool; }
  async find(id) { return await this.pool.query("select 1 from books where id = $1", [id]); }
  query(transaction) { return { where: (id) => this.find(id) }; }
}
""")
    module = f"""{POOL}
import {{ Model }} from "orm";
const books = new Model(pool);
async function find(id) {{
  await books.find(id); // here
  await books.query(id).where(1); // here
}}
async function listBooks() {{ await find(7); }}
await listBooks();
"""
    assert asked(run(tmp_path, module)) == [("find", place) for place in places(module, "// here")]


def test_a_request_is_asked_by_the_function_that_sends_it(tmp_path: Path) -> None:
    module = """
import { traceFetch } from "./perf-trace.mjs";
const fetch = traceFetch(async () => ({ status: 200 }));
const load = (url) => fetch(url); // here
async function listBooks() { await load("http://books/1"); }
await listBooks();
"""
    assert asked(run(tmp_path, module)) == [("load", place) for place in places(module, "// here")]


DATABASE_TS = """
import { traceQueries } from "./perf-trace.js";

interface Row {
  id: number;
}
type Values = readonly unknown[];

class Pool {
  async query<T>(text: string, values?: Values): Promise<{ rows: T[] }> {
    await new Promise((go) => setTimeout(go, 1, values));
    return { rows: [] };
  }
}
const pool = traceQueries(new Pool());

export const query = <T = Row>(text: string, values: Values = []): Promise<{ rows: T[] }> =>
  pool.query<T>(text, values);

export class Database {
  constructor(private readonly name: string) {}

  async one<T extends Row>({ text, values }: { text: string; values: Values }): Promise<T | undefined> {
    const started = Date.now();
    const { rows } = await query<T>(
      text,
      values,
    );
    console.log(`${this.name}: ${Date.now() - started} ms`);
    return rows[0];
  }
}
"""
TEST_TS = """
import { it } from "vitest";
import { Database, query } from "./database.js";

interface Book {
  id: number;
}

async function listBooks(database: Database): Promise<void> {
  await query<Book>("select 1 from books"); // here
  await database.one<Book>({ text: "select 2 from books", values: [] }); // here
}

it("lists", async () => {
  await listBooks(new Database("books"));
});
"""


def test_typescript(tmp_path: Path) -> None:
    require_package("vitest")
    (tmp_path / ".git").mkdir()
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    (tmp_path / "perf-trace.ts").write_bytes(read_emitter("typescript"))
    (tmp_path / "database.ts").write_text(DATABASE_TS)
    (tmp_path / "books.test.ts").write_text(TEST_TS)
    environment = {**os.environ, "PERF_TRACE": str(tmp_path / "trace.log"), "CI": "", **node_environment({})}
    vitest = str(ROOT / "node_modules" / ".bin" / "vitest")
    subprocess.run(
        [vitest, "run"], cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=PATIENCE_SECONDS
    )
    calls = read_written(tmp_path / "trace.log")
    assert asked(calls) == [("listBooks", place) for place in places(TEST_TS, "// here", "books.test.ts")]


PREPARING = """
import { traceQueries } from "./perf-trace.mjs";
class Statement { all() { return []; } get() { return null; } run() { return { changes: 0 }; } }
class Database { prepare() { return new Statement(); } exec() {} pragma() {} }
const database = traceQueries(new Database());
const kept = new Map();
function all(text, isKept) {
  if (!isKept) return database.prepare(text).all();
  if (!kept.has(text)) kept.set(text, database.prepare(text));
  return kept.get(text).all();
}
function count(table) {
  const found = database.prepare(`select count(*) from ${table}`).get(); // counted
  return found ?? database.prepare("select 0").get(); // counted
}
function listBooks() {
  all("select 1 from books", false); // here
  all("select 1 from books", true); // here
  count("books");
}
listBooks();
"""


def test_a_function_may_prepare_what_it_is_given_in_several_places(tmp_path: Path) -> None:
    given = [("listBooks", place) for place in places(PREPARING, "// here")]
    assert asked(run(tmp_path, PREPARING)) == [*given, *(("count", place) for place in places(PREPARING, "// counted"))]
