"""Operations of MongoDB's driver and of Mongoose, sent to a server of their protocol: who asks is found."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.emitters import HERE, find_tool, require_package, run_scene
from tests.written_lines import WrittenCall, read_written

PROGRAM = HERE / "mongo.mjs"
WAYS = {
    "mongodb": {
        "inLoop": ("findOne authors", {"_id"}),
        "byCursor": ("find authors", {"_id", "projection", "limit"}),
        "rowByRow": ("find authors", {"_id"}),
        "together": ("countDocuments authors", {"_id"}),
        "grouped": ("aggregate authors", {"0.$match._id", "1.$sort.name"}),
        "writes": ("updateOne authors", {"_id", "update.$set.name"}),
    },
    "mongoose": {
        "inLoop": ("findOne authors", {"_id"}),
        "executed": ("find authors", {"_id"}),
        "together": ("findOne authors", {"_id"}),
        "populatedEach": ("find authors", {"_id.$in"}),
        "writes": ("updateOne authors", {"_id", "update.$set.name"}),
    },
}
AT_ONCE = {
    "mongodb": [("find authors", {"_id.$in": "[1,2,3,4,5,6]"}, 6), ("insertMany readers", {"parameter_sets": "6"}, 6)],
    "mongoose": [("find books", {}, 6), ("find authors", {"_id.$in": "[1,2,3,4,5,6]"}, 6)],
}


def of_page(calls: Iterable[WrittenCall], name: str) -> list[WrittenCall]:
    calls = sorted(calls, key=lambda call: call.number)
    [page] = [call.number for call in calls if call.function == f"page {name}"]
    return [call for call in calls if call.parent == page]


@pytest.mark.parametrize("library", WAYS)
def test_each_operation_is_a_call_with_its_line_and_answer(tmp_path: Path, library: str) -> None:
    require_package(library)
    command = [find_tool("node"), str(PROGRAM), library]
    untraced = run_scene(command, "0")
    assert run_scene(command, tmp_path / "trace.log") == untraced
    calls = read_written(tmp_path / "trace.log")
    source = PROGRAM.read_text("utf-8").splitlines()
    for name, (function, params) in WAYS[library].items():
        asked = [call for call in of_page(calls, name) if call.function == function]
        [place] = {call.reserved["at"] for call in asked}
        assert source[int(place.removeprefix("tests/emitters/mongo.mjs:")) - 1].endswith("// asks")
        assert [dict(call.params).keys() for call in asked] == 6 * [params]
        assert len({tuple(call.params) for call in asked}) == 6
        assert {call.caller for call in asked} == {name}
        assert {call.reserved["via"] for call in asked} == {library}
        is_write = name == "writes"
        assert {call.reserved.get("write") for call in asked} == {"authors" if is_write else None}
        assert all(("digest" in call.metrics) == (not is_write and name != "rowByRow") for call in asked)
        assert {call.metrics.get("rows", call.metrics.get("found")) for call in asked} == {1}
    told = [(call.function, dict(call.params), call.metrics["rows"]) for call in of_page(calls, "atOnce")]
    assert told == AT_ONCE[library]
