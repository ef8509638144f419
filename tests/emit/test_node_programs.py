"""Whole programs in Node, each with one loop of questions: it is the first finding, sure, with the line that asks."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.emitters import HERE, find_tool, require_package
from tests.paths import ROOT
from tests.waiting import PATIENCE_SECONDS
from tracereport.command.emitter_files import Language, read_emitter

PROGRAMS = HERE / "programs"
FILES: dict[str, Language] = {
    "perf-trace.mjs": "node",
    "perf-trace.cjs": "node-commonjs",
    "perf-trace.ts": "typescript",
}
RUNNERS = {
    "node": ["node", "--test"],
    "vitest": ["node_modules/.bin/vitest", "run"],
    "jest": ["node_modules/.bin/jest", "--rootDir=.", "--testMatch=**/*.test.cjs"],
}


@pytest.mark.parametrize(
    ("program", "runner", "packages", "question", "place"),
    [
        (
            "fastify_repositories", "node", ("fastify", "@electric-sql/pglite"),
            ("Repository.find", "select customers", "GET /orders"), "repositories.js:10",
        ),
        (
            "hono_kysely", "vitest", ("hono", "kysely", "pg", "@electric-sql/pglite-socket", "vitest"),
            ("GET /tracks", "select albums", "GET /tracks"), "app.ts:13",
        ),
        (
            "express_db_module", "node", ("express", "pg", "@electric-sql/pglite-socket"),
            ("listTitles", "select songs", "GET /playlists/:id"), "playlists.js:14",
        ),
        (
            "graphql_resolvers", "jest", ("graphql", "jest"),
            ("author", "select authors", "schema.test.cjs > posts have authors"), "schema.cjs:18",
        ),
        (
            "server_actions", "vitest", ("drizzle-orm", "@electric-sql/pglite", "vitest"),
            ("getUser", "select users", "GET /api/feed"), "actions.ts:7",
        ),
    ],
)  # fmt: skip
def test_the_loop_of_questions_is_found_first(
    tmp_path: Path, program: str, runner: str, packages: tuple[str, ...], question: tuple[str, str, str], place: str
) -> None:
    find_tool("node")
    for package in packages:
        require_package(package)
    report = run(tmp_path, program, runner)
    first, *others = report["findings"]["rows"]
    assert (first["kind"], first["confidence"], first["varying_params"]) == ("fan-out", "sure", ["p1"])
    assert (*first["callers"], first["function"], first["worst_parent"]) == question
    assert [each["at"] for each in first["at"]["rows"]] == [place]
    assert not [each for each in others if each["confidence"] == "sure"]


def run(folder: Path, program: str, runner: str) -> dict[str, Any]:
    """The report of a program's tests, run in a folder of their own."""
    shutil.copytree(PROGRAMS / program, folder, dirs_exist_ok=True)
    for name, language in FILES.items():
        (folder / name).write_bytes(read_emitter(language))
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    (folder / ".git").mkdir()
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    done = subprocess.run(
        [sys.executable, "-m", "tracereport", "run", "-q", "-o", "report.json", "--", *RUNNERS[runner]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CI": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return report
