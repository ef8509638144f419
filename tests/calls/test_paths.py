"""Requests in loops: what is asked of several rows, of pages, and of several kinds of things."""

import pytest

from tests.coded_calls import report_on
from tracereport.calls.paths import differ_by_row


@pytest.mark.parametrize(
    "paths",
    [
        ["/prices/1", "/prices/2"],
        ["/prices/1?full=1", "/prices/2?full=1"],
        ["/price?id=1", "/price?id=2"],
        ["/price?id=a&page=1", "/price?id=b&page=2"],
        ["/users/ann", "/users/ben"],
        ["/users/ann/posts", "/users/ben/posts"],
        ["/v1/orders/9f3c/items/1", "/v1/orders/77ad/items/2"],
    ],
)
def test_rows(paths: list[str]) -> None:
    assert differ_by_row(paths)


@pytest.mark.parametrize(
    "paths",
    [
        ["/items?page=1&size=5", "/items?page=2&size=5"],
        ["/items?start_at=0", "/items?start_at=50"],
        ["/items?pageToken=x", "/items?pageToken=y"],
        ["/config", "/users"],
        ["/price/1", "/stock/1"],
        ["/users/1/posts", "/users/1/likes"],
        ["/users/1", "/users"],
        ["/items?id=1", "/items?name=a"],
        ["/de/help/start", "/fr/aide/debut"],
    ],
)
def test_pages_and_things_of_several_kinds(paths: list[str]) -> None:
    assert not differ_by_row(paths)


def send(number: int, method: str, path: str, *said: str) -> str:
    fields = (f"{number}|{method} api|caller=sync|path={path}", *said, "elapsed_us=9|status=200")
    return "|".join((*fields, *(["write=api"] if method == "POST" else []), "parent=0"))


def count(*lines: str) -> int:
    return report_on("0|page|caller=main|elapsed_us=99|parent=none", *lines).fanouts.total


def test_only_what_asks_for_rows_is_a_fan_out() -> None:
    def asked(*paths: str) -> int:
        return count(*(send(number, "GET", path) for number, path in enumerate(paths, start=1)))

    assert asked(*(f"/prices/{key}" for key in range(6))) == 1
    assert asked(*(f"/prices?page={key}" for key in range(6))) == 0
    assert asked("/a", "/b", "/c", "/d", "/e", "/f") == 0


@pytest.mark.parametrize(
    ("query", "total"), [("id=N", 1), ("page=N", 0), ("page=N|size=N0", 1), ("page=N|cursor=N", 0), ("body=Na", 1)]
)
def test_a_query_may_stand_beside_the_path(query: str, total: int) -> None:
    lines = (send(n, "GET", "/prices", *query.replace("N", str(n)).split("|")) for n in range(1, 7))
    assert count(*lines) == total


def test_questions_that_differ_in_their_headers_alone_are_none() -> None:
    assert count(*(send(number, "GET", "/config", f"headers={number}a") for number in range(1, 7))) == 0


def test_what_is_sent_is_row_by_row_if_each_is_another_row() -> None:
    def sent(path: str, body: str) -> int:
        lines = (send(n, "POST", path.replace("N", str(n)), f"body={body.replace('N', str(n))}") for n in range(1, 7))
        return count(*lines)

    assert sent("/orders", "Na") == 1
    assert sent("/orders/N/ship", "a") == 1
    assert sent("/token", "a") == 0
    kinds = [send(number, "POST", f"/{kind}", "body=a") for number, kind in enumerate("abcdef", start=1)]
    assert count(*kinds) == 0
