"""What is said where a command has run and nothing was traced: what to do for that very command."""

import pytest

from tracereport.command.advice import advise

RUST = "`tracereport emitter rust > src/perf_trace.rs` gives the file that does;"


@pytest.mark.parametrize(
    ("command", "environment", "expected"),
    [
        ("cargo test", {}, "If traces are logged: `RUST_LOG=debug tracereport run -- cargo test -- --nocapture`"),
        (
            "cargo test -p shop -- --test-threads=1",
            {"RUST_LOG": "shop=debug"},
            "If traces are logged: `tracereport run -- cargo test -p shop -- --test-threads=1 --nocapture`",
        ),
        (
            "cargo test -- --nocapture",
            {"RUST_LOG": "debug"},
            '`let _call = perf_trace::trace!("name");` in a function.',
        ),
        ("cargo nextest run", {"RUST_LOG": "trace"}, "`tracereport run -- cargo nextest run --no-capture`"),
        ("cargo run", {"RUST_LOG": "info"}, "`RUST_LOG=debug tracereport run -- cargo run`"),
    ],
)
def test_of_rust_it_knows_the_file_and_the_logger(command: str, environment: dict[str, str], expected: str) -> None:
    advice = advise(command.split(), environment)
    assert advice.startswith(RUST)
    assert advice.endswith(expected)


@pytest.mark.parametrize(
    ("command", "environment", "expected"),
    [
        (
            "/usr/bin/python3 -m pytest tests",
            {},
            "`PERF_TRACE_MODULES=app.store tracereport run -- /usr/bin/python3 -m pytest tests`",
        ),
        ("pytest --perf-trace", {}, "No test asked a database or server by a library that there is a hook for."),
        ("cargo test --no-run", {}, "`cargo test --no-run` runs no test."),
        ("cargo nextest list -p shop", {}, "`cargo nextest list -p shop` runs no test."),
        ("node --test", {}, "`tracereport emitter node > perf-trace.mjs` gives the file that does"),
        ("npx vitest run", {}, "`traceQueries(pool)` for statements"),
        ("./node_modules/.bin/jest", {}, "`tracereport emitter node > perf-trace.mjs` gives the file that does"),
        ("C:/node/node.exe --test", {}, "`tracereport emitter node > perf-trace.mjs` gives the file that does"),
        ("python app.py", {}, "`PERF_TRACE_MODULES=app.store tracereport run -- python app.py`, or decorate"),
        ("python3 -P -I app.py", {}, "Python's option -I keeps it from PYTHONPATH"),
        ("python -sE -m pytest", {}, "Python's option -sE keeps it from PYTHONPATH"),
        ("pypy3 -m shop -I", {}, "Nothing that ran asked a database or server"),
        ("make check", {}, "What `make check` runs writes no traces: run that itself"),
        ("sh -c ./all", {}, "run that itself"),
        ("tox -e py312", {}, "`pass_env = PERF_TRACE*, PYTHONPATH`"),
        ("nox", {}, "Nothing that ran asked a database or server"),
        ("docker compose up", {}, "docker hands no PERF_TRACE on"),
        ("go test ./...", {}, "There is no emitter for Go yet."),
        (
            "./mvnw -q test",
            {},
            "no emitter for Java yet. To write one is an hour's work, which `tracereport check-emitter",
        ),
        ("dotnet test", {}, "no emitter for .NET yet"),
        ("bundle exec rspec", {}, "Of Rails its log is enough: `tracereport log/test.log`"),
        ("php artisan test", {}, "Of Laravel the files of its Debugbar are enough"),
        ("./shop", {}, "`tracereport emitter --help` names the languages"),
        (
            "python app.py",
            {"PERF_TRACE": "out/trace.log"},
            "PERF_TRACE=out/trace.log sends the traces to that file: `tracereport out/trace.log`, or unset PERF_TRACE.",
        ),
        ("cargo test", {"PERF_TRACE": "0"}, "PERF_TRACE=0 switches the emitters off: unset it."),
        ("node --test", {"PERF_TRACE": "1"}, "`tracereport emitter node > perf-trace.mjs` gives the file that does"),
    ],
)
def test_each_kind_of_command_has_its_own_advice(command: str, environment: dict[str, str], expected: str) -> None:
    assert expected in advise(command.split(), environment)
