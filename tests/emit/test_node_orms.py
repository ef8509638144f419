"""Statements that Node's libraries make themselves: who asks is found, however late the driver is reached."""

from pathlib import Path

import pytest

from tests.emitters import HERE, find_tool, require_package, run_scene
from tests.written_lines import WrittenCall, read_written

ORMS = HERE / "orms.mjs"
DRIZZLE = {"inLoop", "relational", "together"}
SCENES = {
    "drizzlePg": ("drizzle-orm", DRIZZLE | {"inTransaction"}),
    "drizzlePglite": ("drizzle-orm", DRIZZLE | {"inTransaction"}),
    "drizzlePostgres": ("drizzle-orm", DRIZZLE),
    "drizzleSqlite": ("drizzle-orm", DRIZZLE),
    "sequelize": ("sequelize", {"inLoop", "inTransaction", "together", "raw"}),
    "typeorm": ("typeorm", {"lazy", "inLoop", "built", "together"}),
    "knex": ("knex", {"inLoop", "inTransaction", "together"}),
    "kysely": ("kysely", {"inLoop", "inTransaction", "together"}),
    "postgres": ("postgres", {"inLoop", "inTransaction", "unsafe"}),
}


def run(scene: str, package: str, folder: Path) -> tuple[str, list[WrittenCall], dict[str, list[WrittenCall]]]:
    """What the scene prints, its calls, and of each of its ways the statements that ask for authors."""
    for each in (package, "@electric-sql/pglite-socket"):
        require_package(each)
    if scene == "drizzleSqlite" and not (HERE.parent.parent / "node_modules" / "better-sqlite3" / "build").exists():
        pytest.skip("needs better-sqlite3, which is compiled where it is installed")
    command = [find_tool("node"), str(ORMS), scene]
    log = folder / "trace.log"
    untraced, output = run_scene(command, "0"), run_scene(command, log)
    assert output == untraced
    calls = read_written(log)
    pages = {call.number: call.function.removeprefix("page ") for call in calls if call.function.startswith("page ")}
    ways: dict[str, list[WrittenCall]] = {name: [] for name in pages.values()}
    for call in calls:
        if call.function == "select authors" and call.parent is not None:
            ways[pages[call.parent]].append(call)
    return output, calls, ways


@pytest.mark.parametrize("scene", SCENES)
def test_each_way_to_ask_is_six_statements_with_their_line(tmp_path: Path, scene: str) -> None:
    package, names = SCENES[scene]
    _, calls, ways = run(scene, package, tmp_path)
    source = ORMS.read_text("utf-8").splitlines()
    assert names <= ways.keys()
    for name in names:
        asked = ways[name]
        places = {call.reserved["at"] for call in asked}
        assert (name, len(asked), len(places)) == (name, 6, 1)
        [place] = places
        assert source[int(place.removeprefix("tests/emitters/orms.mjs:")) - 1].endswith("// asks")
        # The statement is one, and one of its values is another each time.
        assert len({dict(call.params)["sql"] for call in asked}) == 1
        varying = [{value for param, value in call.params if param != "sql"} for call in asked]
        assert len(set(map(frozenset, varying))) == 6
        if name in ("inLoop", "lazy", "built", "relational", "unsafe", "raw"):
            assert {call.caller for call in asked} == {name}
    assert sorted(call.number for call in calls) == list(range(len(calls)))


def test_the_text_of_postgres_statements_is_the_one_that_is_sent(tmp_path: Path) -> None:
    output, calls, ways = run("postgres", "postgres", tmp_path)
    assert output == 'column "nothing" does not exist\n'
    assert {dict(call.params)["sql"] for call in ways["inLoop"]} == {'SELECT * FROM "authors" WHERE id = $1'}
    assert [call.metrics["rows"] for call in ways["inLoop"]] == [1] * 6
    [update] = [call for call in calls if call.reserved.get("write") == "authors"]
    assert (update.function, dict(update.params)["p1"], update.metrics["rows"]) == ("update authors", "Austen", 1)
    [failed] = [call for call in calls if call.reserved.get("failed") == "1"]
    assert dict(failed.params)["sql"] == "SELECT nothing FROM authors"
    assert {call.reserved["via"] for call in ways["unsafe"]} == {"postgres"}
