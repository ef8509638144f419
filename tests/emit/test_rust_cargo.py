"""The Rust emitter as cargo builds it: warnings denied, newest and oldest toolchain, wherever a crate puts it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emitters import find_tool
from tests.paths import EXAMPLES
from tests.running import run as run_tracereport
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import WrittenCall, read_written

EMITTER = EXAMPLES / "rust" / "perf_trace.rs"
OLDEST = Path("/usr/bin")
"""Where Debian's packages put theirs, which is the oldest that the emitter is for."""
PAGE = 'pub fn page() -> u64 {{ let _page = {path}trace!("page"); (0..3).map(load).sum() }}\n'
LOAD = (
    'pub fn load(id: u64) -> u64 {{ let call = {path}trace!("load", id = id); call.answer(Some(id)).unwrap_or(0) }}\n'
)
TESTS = "#[cfg(test)] mod tests { #[test] fn adds() { assert_eq!(super::page(), 3); } }\n"


@pytest.fixture(params=["newest", "oldest"])
def cargo(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """The tool, and the environment in which it finds its compiler; a warning is an error there.

    With one core the oldest runs tests in the main thread, whose name tells nothing.
    """
    path = os.environ["PATH"]
    if request.param == "oldest":
        path = f"{OLDEST}{os.pathsep}{path}"
    tool = shutil.which("cargo", path=path) or find_tool("cargo")
    return tool, {**os.environ, "PATH": path, "RUSTFLAGS": "-D warnings", "RUST_TEST_THREADS": "2"}


def write_crate(folder: Path, name: str, files: dict[str, str], *needs: str, edition: str = "2021") -> None:
    """A crate that depends on its neighbours; None stands for the emitter."""
    (folder / "src").mkdir(parents=True)
    dependencies = "".join(f'{each} = {{ path = "../{each}" }}\n' for each in needs)
    manifest = f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "{edition}"\n[dependencies]\n{dependencies}'
    (folder / "Cargo.toml").write_text(manifest)
    for file, text in files.items():
        (folder / "src" / file).write_text(text or EMITTER.read_text(encoding="utf-8"))


def run_cargo(cargo: tuple[str, dict[str, str]], folder: Path, *arguments: str) -> list[WrittenCall]:
    """Runs it without a network, and gives what was traced."""
    tool, environment = cargo
    log = folder / "trace.log"
    done = subprocess.run(
        [tool, *arguments, "--offline"],
        cwd=folder,
        env={**environment, "PERF_TRACE": str(log)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr
    return read_written(log) if log.exists() else []


@pytest.mark.parametrize("edition", ["2018", "2021"])
def test_a_program_that_has_it_as_a_module_builds_without_a_warning(
    cargo: tuple[str, dict[str, str]], tmp_path: Path, edition: str
) -> None:
    main = "mod perf_trace;\n" + PAGE.format(path="perf_trace::") + LOAD.format(path="perf_trace::")
    write_crate(
        tmp_path, "order", {"perf_trace.rs": "", "main.rs": main + "fn main() { page(); }\n" + TESTS}, edition=edition
    )
    calls = run_cargo(cargo, tmp_path, "run")
    assert [(call.function, call.parent) for call in calls] == [*(3 * [("load", 0)]), ("page", None)]
    assert {call.reserved["at"] for call in calls} == {"src/main.rs:2", "src/main.rs:3"}
    assert {call.test for call in calls} == {None}
    (tmp_path / "trace.log").unlink()
    assert {call.test for call in run_cargo(cargo, tmp_path, "test")} == {"tests::adds"}


def test_a_workspace_has_it_as_a_crate_whose_calls_know_their_tests(
    cargo: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n')
    crates = tmp_path / "crates"
    use = "use perf_trace::trace;\n"
    write_crate(crates / "perf_trace", "perf_trace", {"lib.rs": ""})
    write_crate(crates / "store", "store", {"lib.rs": use + LOAD.format(path="")}, "perf_trace")
    api = use + "use store::load;\n" + PAGE.format(path="") + TESTS
    write_crate(crates / "api", "api", {"lib.rs": api}, "perf_trace", "store")
    calls = run_cargo(cargo, tmp_path, "test")  # doctests, too
    assert [(call.function, call.parent, call.test) for call in calls] == [
        *(3 * [("load", 0, "tests::adds")]),
        ("page", None, "tests::adds"),
    ]
    assert {call.reserved["at"] for call in calls} == {"crates/store/src/lib.rs:2", "crates/api/src/lib.rs:3"}


def test_two_copies_in_one_program_are_told_apart(cargo: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    for name in ("store", "stock"):
        library = "pub mod perf_trace;\n" + LOAD.format(path="perf_trace::")
        write_crate(tmp_path / name, name, {"perf_trace.rs": "", "lib.rs": library})
    main = 'mod perf_trace;\nfn main() { let _page = perf_trace::trace!("page"); store::load(1); stock::load(1); }\n'
    write_crate(tmp_path / "order", "order", {"perf_trace.rs": "", "main.rs": main}, "store", "stock")
    calls = run_cargo(cargo, tmp_path / "order", "run")
    assert [(call.function, call.number, call.parent) for call in calls] == [
        ("load", 0, None),
        ("load", 0, None),
        ("page", 0, None),
    ]
    *libraries, program = [call.reserved["process"] for call in calls]
    assert len({*libraries, program}) == 3
    assert all(re.fullmatch(rf"{program}\d{{4}}", name) for name in libraries)


STANDING = """
#[derive(Debug)] pub struct User;
#[derive(Debug)] pub struct Error;
#[derive(Debug)] pub struct Page;
impl Page { fn len(&self) -> usize { 7 } }
fn find(id: u64) -> Result<Option<User>, Error> { if id > 9 { Err(Error) } else { Ok((id > 0).then_some(User)) } }
async fn fetch(_: &[u64]) -> Page { Page }
fn main() {
    assert!(load_user(1).unwrap().is_some() && load_user(0).unwrap().is_none() && load_user(10).is_err());
    let mut page = Box::pin(load_page(&[1, 2]));
    struct Idle;
    impl std::task::Wake for Idle { fn wake(self: std::sync::Arc<Self>) {} }
    let waker = std::task::Waker::from(std::sync::Arc::new(Idle));
    let polled = std::future::Future::poll(page.as_mut(), &mut std::task::Context::from_waker(&waker));
    assert!(polled.is_ready());
}
"""


def test_the_example_in_the_file_compiles_and_runs(cargo: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    block = re.search(r"//! ```text\n(.*?)//! ```", EMITTER.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    example = re.sub(r"^//! ?", "", block[1], flags=re.MULTILINE)
    write_crate(tmp_path, "order", {"perf_trace.rs": "", "main.rs": example + STANDING})
    calls = run_cargo(cargo, tmp_path, "run")
    assert [(call.function, call.metrics.get("found"), call.metrics.get("bytes")) for call in calls] == [
        ("load_user", 1, None),
        ("load_user", 0, None),
        ("load_user", None, None),
        ("load_page", None, 7),
    ]
    assert calls[-1].params == (("ids", "[1, 2]"),)


def test_clippy_finds_no_fault_with_it_whatever_a_crate_denies(tmp_path: Path) -> None:
    root = "#![deny(missing_docs, clippy::all, clippy::pedantic)]\n//! Shop.\n/// Traces.\npub mod perf_trace;\n"
    write_crate(tmp_path, "shop", {"perf_trace.rs": "", "lib.rs": root})
    assert "clippy::all, clippy::pedantic" in EMITTER.read_text(encoding="utf-8")
    if shutil.which("cargo-clippy") is None:  # Debian's oldest brings none
        return
    run_cargo(
        (find_tool("cargo"), {**os.environ, "RUSTFLAGS": "-D warnings", "RUST_TEST_THREADS": "2"}),
        tmp_path,
        "clippy",
        "--all-targets",
    )


def nextest_stand_in(folder: Path) -> list[str]:
    """A command that runs tests as cargo-nextest does: a process for each, two at once, those that fail once more."""
    script = folder / "nextest.py"
    script.write_text(NEXTEST)
    return [sys.executable, str(script)]


NEXTEST = """
import json, os, subprocess
from concurrent.futures import ThreadPoolExecutor

build = ["cargo", "test", "--offline", "--tests", "--no-run", "--message-format=json"]
built = subprocess.run(build, check=True, capture_output=True, encoding="utf-8").stdout
programs = [message["executable"] for line in built.splitlines() if (message := json.loads(line)).get("executable")]

def run(test):
    program, name = test
    for attempt in ("1", "2"):
        environment = {**os.environ, "NEXTEST": "1", "NEXTEST_ATTEMPT": attempt}
        words = [program, "--exact", name, "--nocapture"]
        done = subprocess.run(words, env=environment, capture_output=True, check=False)
        assert b"PERF_TRACE|" not in done.stdout + done.stderr
        if done.returncode == 0:
            return 0
    return 100

tests = []
for program in programs:
    listed = subprocess.run([program, "--list", "--format", "terse"], check=True, capture_output=True, encoding="utf-8")
    tests += [(program, line.removesuffix(": test")) for line in listed.stdout.splitlines()]
with ThreadPoolExecutor(2) as pool:
    raise SystemExit(max(pool.map(run, tests)))
"""
WHOLE = """
#[test] fn adds() { assert_eq!(api::page(), 10); }
mod deep { #[test] fn adds() { assert_eq!(api::page(), 10); } }
#[test] fn adds_at_last() { api::page(); assert_ne!(std::env::var("NEXTEST_ATTEMPT").unwrap(), "1"); }
#[test] fn never_adds() { api::page(); panic!("no"); }
"""


@pytest.mark.parametrize("runner", ["stand-in", *(["installed"] if shutil.which("cargo-nextest") else [])])
def test_nextest_runs_each_test_in_a_process_and_each_is_told_apart(tmp_path: Path, runner: str) -> None:
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n')
    crates = tmp_path / "crates"
    use = "use perf_trace::trace;\n"
    write_crate(crates / "perf_trace", "perf_trace", {"lib.rs": ""})
    write_crate(crates / "store", "store", {"lib.rs": use + LOAD.format(path="")}, "perf_trace")
    api = use + "use store::load;\n" + PAGE.format(path="").replace("0..3", "0..5") + TESTS.replace("3", "10")
    write_crate(crates / "api", "api", {"lib.rs": api}, "perf_trace", "store")
    (crates / "api" / "tests").mkdir()
    (crates / "api" / "tests" / "whole.rs").write_text(WHOLE)
    nextest = [find_tool("cargo"), "nextest", "run", "--offline", "--retries=1", "--no-fail-fast"]
    command = nextest_stand_in(tmp_path) if runner == "stand-in" else nextest
    options = ["-o", "report.json", "-o", "report.txt"]
    done = run_tracereport("run", *options, "--", *command, cwd=tmp_path)
    assert done.returncode == 100, done.stderr.decode()
    assert b"traced: " in done.stderr
    assert b"PERF_TRACE|" not in done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert sorted((unit["name"], unit["attempt"], unit["calls"]) for unit in report["units"]["rows"]) == [
        ("adds", 1, 6),
        ("adds_at_last", 1, 6),
        ("adds_at_last (try 2)", 2, 6),
        ("deep::adds", 1, 6),
        ("never_adds", 1, 6),
        ("never_adds (try 2)", 2, 6),
        ("tests::adds", 1, 6),
    ]
    first = report["findings"]["rows"][0]
    assert (first["kind"], first["confidence"], first["calls_saved"]) == ("fan-out", "sure", 28)
    assert first["at"]["rows"][0]["at"] == "crates/store/src/lib.rs:2"
