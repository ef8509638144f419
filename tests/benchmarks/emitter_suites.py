"""What tracing costs whole test suites in Rust and Node: without the emitter, with it off, and with it on, in turns.

``python -m tests.benchmarks.emitter_suites`` prints a row a suite: the least and the median seconds of the clock, and
the median of processor time. Each suite has 50 tests; each test asks 20 questions that take half a millisecond, as a
database beside the program does. Two programs in Node that do nothing but ask in memory are the other end.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.paths import EXAMPLES, ROOT
from tracereport.command.emitter_files import node_environment

RUNS = 5
TESTS = 50
NODE_LIBRARY = """
import { traceQueries } from "./perf-trace.mjs";
class Pool {
  async query(text, [id]) {
    await new Promise((resolve) => setTimeout(resolve, 0.5));
    return { rows: [{ id, name: `author ${id}` }] };
  }
}
const pool = traceQueries(new Pool());
export async function listBooks() {
  const names = [];
  for (let id = 0; id < 20; id++) {
    names.push((await pool.query("select * from authors where id = $1", [id])).rows[0].name);
  }
  return names;
}
"""
NODE_TESTS = """
import { expect, test } from "vitest";
import { listBooks } from "./books.mjs";
for (let each = 0; each < 50; each++) test(`lists ${each}`, async () => expect(await listBooks()).toHaveLength(20));
"""
NODE_PROGRAMS = {
    "express": """
import express from "express";
import { traceQueries } from "./perf-trace.mjs";
class Pool { async query(text, [id]) { await null; return { rows: [{ id, name: `author ${id}` }] }; } }
const pool = traceQueries(new Pool());
const find = async (id) => (await pool.query("SELECT * FROM authors WHERE id = $1", [id])).rows[0];
const app = express();
app.get("/books/:id", async (request, response) => {
  const names = [await find(request.params.id)];
  for (let id = 0; id < 10; id++) names.push(await find(id));
  response.json(names);
});
const server = app.listen(0, async () => {
  const address = `http://127.0.0.1:${server.address().port}/books/`;
  for (let id = 0; id < 300; id++) await (await fetch(address + id)).json();
  server.close();
  server.closeAllConnections();
});
""",
    "better-sqlite3": """
import { test } from "node:test";
import Database from "better-sqlite3";
import { traceQueries } from "./perf-trace.mjs";
const find = (db, id) => db.prepare("SELECT * FROM authors WHERE id = ?").get(id);
function askAll() {
  const db = traceQueries(new Database(":memory:"));
  db.exec("CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT)");
  const add = db.prepare("INSERT INTO authors VALUES (?, ?)");
  for (let id = 0; id < 10; id++) add.run(id, `author ${id}`);
  for (let id = 0; id < 21; id++) find(db, id % 10);
  db.close();
}
for (let each = 0; each < 200; each++) test(`asks ${each}`, askAll);
""",
}
"""By the package that each needs: 300 requests of 11 questions, and 200 tests of 31."""
RUST_LIBRARY = """
use std::{thread::sleep, time::Duration};
fn load(id: u64) -> Option<u64> {
    let call = perf_trace::trace!("load", id = id);
    sleep(Duration::from_micros(500));
    call.answer(Some(id))
}
pub fn page() -> u64 {
    let _page = perf_trace::trace!("page");
    (0..20).filter_map(load).sum()
}
"""
UNTRACED_RUST = {
    'let call = perf_trace::trace!("load", id = id);': "",
    "call.answer(Some(id))": "Some(id)",
    'let _page = perf_trace::trace!("page");': "",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        if shutil.which("node") and (ROOT / "node_modules" / "vitest").exists():
            measure("vitest", *make_node_suites(Path(folder, "node")))
        for package, program in NODE_PROGRAMS.items():
            if shutil.which("node") and (ROOT / "node_modules" / package).exists():
                measure(package, *make_node_program(Path(folder, package), program))
        if shutil.which("cargo"):
            measure("cargo test", *make_rust_suites(Path(folder, "rust")))
    print(f"load average: {' '.join(f'{load:.1f}' for load in os.getloadavg())}, {os.cpu_count()} cores")


def make_node_suites(folder: Path) -> tuple[list[str], Path, Path]:
    """The command, and the folders in which it runs: without the emitter, and with it."""
    plain, traced = write_node(folder, "books.mjs", NODE_LIBRARY)
    for suite in (plain, traced):
        (suite / "books.test.mjs").write_text(NODE_TESTS)
    return [str(ROOT / "node_modules" / ".bin" / "vitest"), "run"], plain, traced


def make_node_program(folder: Path, program: str) -> tuple[list[str], Path, Path]:
    """As above, without a runner that is to be installed."""
    return ["node", "program.mjs"], *write_node(folder, "program.mjs", program)


def write_node(folder: Path, name: str, traced: str) -> tuple[Path, Path]:
    """Two folders with one file: without the emitter, and with it."""
    untraced = traced.replace('import { traceQueries } from "./perf-trace.mjs";', "").replace("traceQueries", "")
    suites = folder / "plain", folder / "traced"
    for suite, text in zip(suites, (untraced, traced), strict=True):
        suite.mkdir(parents=True)
        (suite / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
        (suite / "package.json").write_text('{"type": "module", "private": true}')
        (suite / name).write_text(text)
        shutil.copy(EXAMPLES / "node" / "perf-trace.mjs", suite)
    return suites


def make_rust_suites(folder: Path) -> tuple[list[str], Path, Path]:
    """As above; built before it is measured."""
    plain = RUST_LIBRARY
    for old, new in UNTRACED_RUST.items():
        plain = plain.replace(old, new)
    tests = "".join(f"#[test] fn adds_{each}() {{ assert_eq!(page(), 190); }}\n" for each in range(TESTS))
    command = ["cargo", "test", "-q", "--release", "--offline"]
    for name, library in {"plain": plain, "traced": f"mod perf_trace;\n{RUST_LIBRARY}"}.items():
        suite = folder / name
        (suite / "src").mkdir(parents=True)
        (suite / "Cargo.toml").write_text('[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n')
        (suite / "src" / "lib.rs").write_text(library + tests)
        shutil.copy(EXAMPLES / "rust" / "perf_trace.rs", suite / "src")
        subprocess.run([*command, "--no-run"], cwd=suite, check=True, capture_output=True)
    return command, folder / "plain", folder / "traced"


def measure(name: str, command: Sequence[str], plain: Path, traced: Path) -> None:
    """Runs the suites in turns, and prints the medians."""
    run = [sys.executable, "-m", "tracereport", "run", "-q", "-o", str(traced / "report.json"), "--"]
    ways: Mapping[str, tuple[Path, list[str], str]] = {
        "without": (plain, [], ""),
        "off": (traced, [], ""),
        "on": (traced, [], str(traced / "trace-%p.log")),
        "under `tracereport run`": (traced, run, "-"),
    }
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(RUNS):
        for way, (folder, prefix, target) in ways.items():
            environment = {**os.environ, "PERF_TRACE": target, "PYTHONPATH": str(ROOT), "CI": "true"}
            environment |= node_environment({})
            if target == "-":
                environment.pop("PERF_TRACE")
            times[way].append(run_once([*prefix, *command], folder, environment))
            for log in folder.glob("trace-*.log"):
                log.unlink()
    for way, measured in times.items():
        wall, processor = zip(*measured, strict=True)
        seconds = (min(wall), statistics.median(wall), statistics.median(processor))
        print(f"| {name}, {way} | " + " | ".join(f"{each:.2f} s" for each in seconds) + " |", flush=True)


def run_once(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of the clock, and of the processors for the command and all that it starts."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, env=dict(environment), check=True, capture_output=True)
    elapsed, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
