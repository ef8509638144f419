"""Loops over chunks, pages and one row alone are no loops over rows."""

from collections.abc import Callable, Sequence

import pytest

from tests.coded_calls import report_on
from tracereport.calls.batches import asks_for_many, asks_for_range, may_ask_for_many
from tracereport.calls.lookup_text import encode_lookup
from tracereport.model import Report

COUNT = "SELECT count(*) FROM t WHERE"


def lookup(sql: str, *values: object, names: Sequence[str] = ()) -> str:
    own = names or [f"p{place}" for place in range(1, len(values) + 1)]
    return encode_lookup("select t", (("sql", sql), *zip(own, map(str, values), strict=True)))


@pytest.mark.parametrize(
    ("sql", "varying"),
    [
        ("SELECT * FROM t WHERE id IN (?, ?)", "p1 p2"),
        ("SELECT * FROM t WHERE id in ($1,$2, $3)", "p1 p2 p3"),
        ("SELECT * FROM t WHERE id IN (%s, %s) AND a = '(?'", "p1 p2"),
        ("SELECT * FROM t WHERE id = ANY($1)", "p1"),
        ("SELECT * FROM unnest(%s) AS id", "p1"),
        ("SELECT * FROM t ORDER BY id LIMIT ? OFFSET ?", "p2"),
        ("SELECT * FROM t ORDER BY id LIMIT ?, ?", "p1"),
        ("SELECT * FROM t ORDER BY id OFFSET $2 ROWS FETCH NEXT $1 ROWS ONLY", "p2"),
        ("SELECT * FROM t WHERE id > ? ORDER BY id LIMIT 10", "p1"),
        ("SELECT * FROM t WHERE owner = ? AND id <= ? ORDER BY id LIMIT ?", "p2"),
        ("SELECT * FROM t WHERE (name, id) > (?, ?) ORDER BY name, id LIMIT 10", "p1 p2"),
        ("SELECT * FROM t WHERE id IN (SELECT value FROM json_each(?))", "p1"),
        ("SELECT * FROM t WHERE t.id = ? OR t.id = ? OR t.id = ?", "p1 p2 p3"),
    ],
)
def test_chunks_and_pages(sql: str, varying: str) -> None:
    places = sql.count("?") + sql.count("$") + sql.count("%s")
    assert asks_for_many([lookup(sql, *range(places))], varying.split())


@pytest.mark.parametrize(
    ("sql", "varying"),
    [
        ("SELECT * FROM t WHERE id = ?", "p1"),
        ("SELECT * FROM t WHERE id IN (?)", "p1"),
        ("SELECT * FROM t WHERE owner = ? AND kind IN (?, ?)", "p1"),
        ("SELECT * FROM t WHERE owner = ? ORDER BY id LIMIT ? OFFSET ?", "p1"),
        ("SELECT * FROM t WHERE owner = ? AND at > ? ORDER BY at LIMIT 1", "p1 p2"),
        ("SELECT count(*) FROM t WHERE at >= ? AND at < ?", "p1 p2"),
        ("SELECT * FROM t WHERE a <> ? LIMIT 1", "p1"),
        ("SELECT * FROM t WHERE note = 'OFFSET ?' AND id = ?", "p1"),
        ("SELECT id::text FROM t WHERE id = $1", "p1"),
        ("SELECT * FROM t WHERE (name, id) = (?, ?) LIMIT 1", "p1 p2"),
        ("SELECT * FROM t WHERE buyer = ? OR seller = ?", "p1 p2"),
    ],
)
def test_rows(sql: str, varying: str) -> None:
    places = sql.replace("'OFFSET ?'", "").count("?") + sql.count("$")
    assert not asks_for_many([lookup(sql, *range(places))], varying.split())


@pytest.mark.parametrize(("repeated", "is_batched"), [([("a", 1), ("b", 2)], True), ([("c", 1), ("d", 2)], False)])
def test_a_page_may_begin_behind_a_row_of_two_columns(repeated: list[tuple[str, int]], *, is_batched: bool) -> None:
    sql = "SELECT * FROM t WHERE name > ? OR (name = ? AND id > ?) ORDER BY name, id LIMIT 10"
    pages = [lookup(sql, last, name, id_) for last, (name, id_) in zip("ab", repeated, strict=True)]
    assert asks_for_many(pages, ["p1", "p2", "p3"]) == is_batched


def test_places_are_found_by_name_and_by_number() -> None:
    sql = "SELECT * FROM t WHERE owner = %(owner)s LIMIT %(size)s OFFSET %(start)s"
    text = lookup(sql, 1, 2, 3, names=("start", "owner", "size"))
    assert asks_for_many([text], ["start"])
    assert not asks_for_many([text], ["owner"])
    assert asks_for_many([lookup("SELECT * FROM t OFFSET $2 LIMIT $1", 5, 10)], ["p2"])


@pytest.mark.parametrize(
    ("first", "second", "is_batched"),
    [
        ("SELECT * FROM t LIMIT 10", "SELECT * FROM t LIMIT 10 OFFSET 10", True),
        ("SELECT * FROM t WHERE id > 3 LIMIT 9", "SELECT * FROM t WHERE id > 12 LIMIT 9", True),
        ("SELECT * FROM t WHERE id IN (1, 2)", "SELECT * FROM t WHERE id IN (3, 4, 5)", True),
        ("SELECT * FROM t LIMIT 0, 10", "SELECT * FROM t LIMIT 10, 10", True),
        ("SELECT * FROM t WHERE id IN (3)", "SELECT * FROM t WHERE id IN (4)", False),
        ("SELECT * FROM t WHERE id = 3", "SELECT * FROM t WHERE id = 4", False),
        ("SELECT * FROM t WHERE id = 3 AND k IN (1, 2)", "SELECT * FROM t WHERE id = 4 AND k IN (1, 2)", False),
        ("SELECT * FROM t WHERE a > 3", "SELECT * FROM t WHERE a > 4", False),
    ],
)
def test_values_may_stand_in_the_statement(first: str, second: str, *, is_batched: bool) -> None:
    assert asks_for_many([lookup(first), lookup(second)], ["sql"]) == is_batched


@pytest.mark.parametrize(("keys", "is_batched"), [(["1, 2", "3, 4", "5"], True), (["1, 2", "3", "5"], False)])
def test_the_last_chunk_may_hold_one_key(keys: list[str], *, is_batched: bool) -> None:
    chunks = [lookup("SELECT * FROM t WHERE id IN (?)".replace("?", own)) for own in keys]
    assert asks_for_many(chunks, ["sql"]) == is_batched


@pytest.mark.parametrize(
    ("params", "varying", "is_batched", "is_range"),
    [
        (["where.id.in=[1,2]", "where.id.in=[3,4]", "where.id.in=[5]"], "where.id.in", True, False),
        (["_id.$in=[1,2]", "_id.$in=[3,4]"], "_id.$in", True, False),
        (["_id.$in=[1]", "_id.$in=[3]"], "_id.$in", False, False),
        (["where.id=1", "where.id=2"], "where.id", False, False),
        (["where.shelf=1|take=2|cursor.id=4", "where.shelf=1|take=2|cursor.id=6"], "cursor.id", True, False),
        (["_id.$gt=4|limit=10", "_id.$gt=14|limit=10"], "_id.$gt", True, True),
        (["_id.$gt=4", "_id.$gt=14"], "_id.$gt", False, True),
        (["where.name.contains=a", "where.name.contains=b"], "where.name.contains", False, True),
        (["where.at.gte=1|where.id=1", "where.at.gte=2|where.id=2"], "where.at.gte where.id", False, False),
        (["where.origin=[1,2]", "where.origin=[3,4]"], "where.origin", False, False),
    ],
)
def test_operations_without_a_statement_tell_by_their_conditions(
    params: list[str], varying: str, *, is_batched: bool, is_range: bool
) -> None:
    lookups = []
    for own in params:
        fields = (each.partition("=") for each in own.split("|"))
        lookups.append(encode_lookup("find t", tuple((name, value) for name, _, value in fields)))
    names = varying.split()
    assert (asks_for_many(lookups, names), asks_for_range(lookups, names)) == (is_batched, is_range)
    if is_batched or is_range:
        assert may_ask_for_many(lookups[0])


def statement(number: int, sql: str, values: str, *said: str) -> str:
    fields = (f"{number}|update jobs|caller=work|sql={sql}", *values.split(), "elapsed_us=9", *said, "parent=none")
    return "|".join(fields)


def fan_outs(make: Callable[[int], Sequence[str]]) -> Report:
    lines = [line for number in range(1, 8) for line in make(number)]
    top = "0|page|caller=main|elapsed_us=99|parent=none"
    return report_on(top, *(line.replace("parent=none", "parent=0") for line in lines))


def test_writes_of_many_rows_each_are_not_row_by_row() -> None:
    many = "INSERT INTO t VALUES (?, ?), (?, lower(?))"
    assert fan_outs(lambda n: [statement(n, many, f"p1={n}", "write=t")]).fanouts.total == 0
    sets = "INSERT INTO t VALUES (?)"
    assert fan_outs(lambda n: [statement(n, sets, f"parameter_sets=10 values={n}", "write=t")]).fanouts.total == 0
    assert fan_outs(lambda n: [statement(n, sets, f"parameter_sets=1 values={n}", "write=t")]).fanouts.total == 1


@pytest.mark.parametrize(
    ("sql", "total"),
    [("UPDATE t SET n = n + 1 WHERE id = ?", 0), ("delete from t where id = ?", 0), ("INSERT INTO t VALUES (?)", 1)],
)
def test_to_change_one_row_again_and_again_is_not_row_by_row(sql: str, total: int) -> None:
    assert fan_outs(lambda n: [statement(n, sql, "p1=1", "write=t")]).fanouts.total == total
    assert fan_outs(lambda n: [statement(n, sql, f"p1={n}", "write=t")]).fanouts.total == 1


@pytest.mark.parametrize(("asked", "confidence"), [("jobs", "likely"), ("users", "sure")])
def test_what_is_asked_for_between_changes_may_decide_about_the_next(asked: str, confidence: str) -> None:
    def make(number: int) -> list[str]:
        ask = f"{2 * number}|select {asked}|caller=work|elapsed_us=9|parent=none"
        return [ask, statement(2 * number + 1, "UPDATE jobs SET new = 0 WHERE id = ?", f"p1={number}", "write=jobs")]

    report = fan_outs(make)
    (found,) = (row for row in report.findings.rows if row.kind == "fan-out")
    assert found.confidence == confidence
    assert ("asked for in between" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize(
    ("asked", "rows", "confidence"),
    [
        ("SELECT max(id) FROM jobs", "N", "likely"),
        ("SELECT max(id) FROM jobs", "1", "sure"),
        ("SELECT 2 FROM jobs WHERE id = N", "N", "sure"),
        ("SELECT max(id) FROM users", "N", "sure"),
    ],
)
def test_an_insert_may_rest_on_what_its_table_held_before_it(asked: str, rows: str, confidence: str) -> None:
    def make(number: int) -> list[str]:
        sql, found = asked.replace("N", str(number)), rows.replace("N", str(number))
        ask = f"{2 * number}|select|caller=work|sql={sql}|elapsed_us=9|rows={found}|parent=none"
        return [ask, statement(2 * number + 1, "INSERT INTO jobs VALUES (?)", f"p1={number}", "write=jobs")]

    (found,) = (row for row in fan_outs(make).findings.rows if row.kind == "fan-out" and row.writes)
    assert found.confidence == confidence
    assert ("asked for in between" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize(
    ("rows", "taken", "confidence"),
    [
        ("N", "jobs", "likely"),
        ("1", "jobs", "sure"),  # answered alike: not another job each time
        ("N", "users", "sure"),  # nobody takes what is asked for
    ],
)
@pytest.mark.parametrize(
    "what", ["insert done|caller=work|sql=INSERT INTO done VALUES (?)", "select users|caller=work"]
)
def test_what_is_done_for_the_next_row_that_is_free_has_no_list(
    what: str, rows: str, taken: str, confidence: str
) -> None:
    def make(number: int) -> list[str]:
        next_job, take_it = "SELECT id FROM jobs WHERE new = 1 LIMIT 1", "UPDATE jobs SET new = 0"
        asked = f"select jobs|sql={next_job}|elapsed_us=9|rows={rows}"
        taking = f"update jobs|sql={take_it}|elapsed_us=9|write={taken}"
        done = f"{what}|p1={number}|elapsed_us=9|rows=1"
        return [
            f"{3 * number + place}|{line.replace('|', '|caller=work|', 1)}|parent=none".replace("N", str(number))
            for place, line in enumerate((asked, taking, done))
        ]

    (found,) = (row for row in fan_outs(make).findings.rows if row.kind == "fan-out" and row.function in what)
    assert found.confidence == confidence


def test_what_is_taken_for_each_row_of_a_list_could_be_taken_for_all() -> None:
    def make(number: int) -> list[str]:
        listed = "1|select users|caller=work|sql=SELECT id FROM users|elapsed_us=9|rows=7|parent=none"
        take = f"{2 * number}|lpop redis|caller=work|p1=q|elapsed_us=9|found=1|write=redis|parent=none"
        write = statement(2 * number + 1, "INSERT INTO jobs VALUES (?)", f"p1={number}", "write=jobs")
        return [listed] * (number == 1) + [take, write]

    (found,) = (row for row in fan_outs(make).findings.rows if row.kind == "fan-out")
    assert found.confidence == "sure"


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        ("PUT api|path=/files/1?part=N", 0),
        ("PUT api|path=/files/1|body=N", 0),
        ("POST api|path=/events|body=N", 1),
        ("PUT api|path=/files/N", 1),
    ],
)
def test_parts_of_one_file_and_one_thing_again_are_no_rows(asked: str, total: int) -> None:
    function, _, params = asked.partition("|")

    def make(number: int) -> list[str]:
        fields = f"caller=work|{params.replace('N', str(number))}|elapsed_us=9|status=200|write=api|parent=none"
        return [f"{number}|{function}|{fields}"]

    assert fan_outs(make).fanouts.total == total


@pytest.mark.parametrize(
    ("taken", "confidence"),
    [
        ("lpop redis|caller=work|p1=q", "likely"),
        ("get redis|caller=work|p1=q", "sure"),
        ("update q|caller=work|sql=UPDATE q SET busy = 1 WHERE id = (SELECT id FROM q LIMIT 1) RETURNING id", "likely"),
        ("select q|caller=work|sql=SELECT id FROM q LIMIT 1 FOR UPDATE SKIP LOCKED", "likely"),
        ("select q|caller=work|sql=SELECT id FROM q LIMIT 1", "sure"),
    ],
)
@pytest.mark.parametrize("gaps", [7, 5])
def test_what_a_queue_gives_one_by_one_is_written_one_by_one(taken: str, confidence: str, gaps: int) -> None:
    """Where not each has something taken before it, a loop runs on without."""

    def make(number: int) -> list[str]:
        take = f"{2 * number}|{taken}|elapsed_us=9|found=1|write=q|parent=none"
        write = statement(2 * number + 1, "INSERT INTO jobs VALUES (?)", f"p1={number}", "write=jobs")
        return [take, write] if number <= gaps else [write]

    (found,) = (row for row in fan_outs(make).findings.rows if row.kind == "fan-out" and "jobs" in row.function)
    assert found.confidence == (confidence if gaps == 7 else "sure")
    assert ("taken off a queue" in found.reason) == (found.confidence == "likely")


@pytest.mark.parametrize(
    ("sql", "values", "confidence"),
    [
        ("UPDATE t SET old = 0 WHERE id > ? AND id <= ?", "p1=N p2=9N", "likely"),
        ("UPDATE t SET old = ? WHERE id > ?", "p1=N p2=N", "likely"),
        ("INSERT INTO copy SELECT * FROM t WHERE id > ? AND id <= ?", "p1=N p2=9N", "likely"),
        ("UPDATE t SET old = 0 WHERE owner = ? AND id > ?", "p1=N p2=3", "sure"),
        ("UPDATE t SET old = ? WHERE id = ?", "p1=0 p2=N", "sure"),
    ],
)
def test_writes_of_a_range_of_rows_each_may_be_as_many_as_one_should_write(
    sql: str, values: str, confidence: str
) -> None:
    (found,) = fan_outs(lambda n: [statement(n, sql, values.replace("N", str(n)), "write=t")]).findings.rows
    assert found.confidence == confidence
    assert ("range or a pattern" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize(
    ("sql", "confidence"),
    [
        ("DELETE FROM t WHERE id IN (SELECT id FROM t WHERE old = 1 LIMIT 10)", "likely"),
        ("UPDATE t SET n = n + 1 WHERE name = 'a?'", "likely"),
        ("UPDATE t SET n = n + 1 WHERE name = ?", "sure"),  # values that nobody recorded
        ("INSERT INTO t VALUES (1)", "sure"),
    ],
)
def test_one_statement_again_may_go_on_until_nothing_is_left(sql: str, confidence: str) -> None:
    (found,) = fan_outs(lambda n: [statement(n, sql, "", "write=t").replace("||", "|")]).findings.rows
    assert found.confidence == confidence
    assert ("nothing is left" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize(
    ("command", "write", "keys", "total"),
    [
        ("get redis", "", "p1=kN", 1),
        ("mget redis", "", "p1=kN|p2=lN", 0),
        ("findMany book", "", "skip=N|take=5", 0),
        ("list_orders", "", "page=N", 0),
        ("list_orders", "", "owner=N|page=1", 1),
        ("list_orders", "", "owner=N|page=N", 1),
        ("pipeline redis", "", "commands=3|values=N", 0),
        ("scan redis", "", "p1=N", 0),
        ("get_many cache", "", "keys=N", 0),
        ("set redis", "|write=redis", "p1=kN|p2=1", 1),
        ("mset redis", "|write=redis", "p1=kN", 0),
        ("incrby redis", "|write=redis", "p1=hits", 0),
        ("pipeline redis", "|write=redis", "commands=3|values=N", 0),
    ],
)
def test_commands_for_many_keys_and_to_one_key_are_no_loop_over_keys(
    command: str, write: str, keys: str, total: int
) -> None:
    def make(number: int) -> list[str]:
        return [f"{number}|{command}|caller=work|{keys.replace('N', str(number))}|elapsed_us=9{write}|parent=none"]

    assert fan_outs(make).fanouts.total == total


def test_what_failed_each_time_is_said_to_have_failed() -> None:
    lines = [statement(number, "SELECT 2 + ?", f"p1={number}", "failed=1") for number in range(3)]
    said = "No call could be judged: every question failed, or was recorded without its values."
    assert report_on(*(line.replace("update jobs", "select") for line in lines)).verdict.message == said


@pytest.mark.parametrize(
    ("condition", "confidence"),
    [
        ("at = ?", "sure"),
        ("owner = ? AND at > '2026'", "sure"),
        ("at > ?", "likely"),
        ("at <> ?", "likely"),
        ("name LIKE ?", "likely"),
        ("at BETWEEN ? AND 7", "likely"),
        ("at BETWEEN 7 AND ?", "sure"),  # what stands between isn't read
        ("lower(name) = lower(?)", "sure"),
    ],
)
def test_what_differs_in_a_range_or_a_pattern_is_likely(condition: str, confidence: str) -> None:
    def make(number: int) -> list[str]:
        fields = f"sql={COUNT} {condition}|p1={number}"
        return [f"{number}|select t|caller=page|{fields}|elapsed_us=9|parent=none"]

    (found,) = fan_outs(make).findings.rows
    assert (found.kind, found.confidence) == ("fan-out", confidence)
    assert ("range or a pattern" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize("place", ["?{}", "${}", ":{}"])
def test_a_number_of_thousands_of_digits_is_no_place_and_no_count(place: str) -> None:
    digits = "9" * 5_000
    statement = f"FROM a WHERE id IN ({place.format(digits)}, {place.format(2)})"
    lines = [f"{n}|get|caller=f|sql=SELECT 1 {statement}|p1={n}|elapsed_us=1|parent=none" for n in range(6)]
    values = f"parameter_sets={digits}|p1"
    lines += [f"{n}|put|caller=f|sql=INSERT a|{values}={n}|elapsed_us=1|parent=none|write=a" for n in range(6, 12)]
    assert report_on(*lines).totals.calls == 12


def test_statements_of_long_empty_stretches_are_read_once() -> None:
    gap = " " * 1_000_000  # what looks again from each blank takes hours
    page = f"FROM a{gap}LIMIT 5 OFFSET"
    lines = [f"{n}|get|caller=f|sql=SELECT 1 {page} {n}|elapsed_us=1|parent=none" for n in range(6)]
    assert not report_on(*lines).findings.rows
