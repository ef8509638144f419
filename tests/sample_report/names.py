"""Names and values of the reports made by hand, some of them planted to hurt; and how their lists are written."""

from typing import TypeVar

from tracereport.model import CallReference, Param, Rows

MS = 1_000_000


FILE = "logs/duckpond-deep-single-thread.log.zst"


ROOT_ID = (
    "<00000000-0000-7100-8000-000000000000/[00000000-0000-7100-8000-000000000000]@01a206f8-3657-74f1-bb00-9ca08cf217bd>"
)


FILE_ID = (
    "<01a206f8-3761-71e2-833e-817e352edfd6/[01a206f8-3763-77f3-a5cc-3fa3306d2e17]@01a206f8-3657-74f1-bb00-9ca08cf217bd>"
)


ROOT_PART = "00000000-0000-7100-8000-000000000000"


HOSTILE_FUNCTION = "<Foo as Bar<'a>>::baz::{{closure}}"


HOSTILE_CALLER = "`evil`|caller</details></summary></script><script>alert(1)</script> @octocat #123"


HOSTILE_VALUES = (
    "abc\u202edef",
    "line1\nline2\r\x1b[31mred\x1b[0m\x00",
    "a|b\\|c",
    "``` ~~~ `x` </details>",
    "<img src=x onerror=alert(1)>&amp;",
    "[link](https://evil.example) ![image](https://evil.example/x.png) https://evil.example www.evil.example",
    "@octocat #123 GH-1 octo/cat#1 0123456789abcdef0123456789abcdef01234567 <!-- -->",
    "",
    "  two words  ",
    "Größe-日本語-🦀-é",
    "x" * 500,
)


Row = TypeVar("Row")


def rows(*shown: Row, total: int | None = None) -> Rows[Row]:
    """All rows there are, or the first of ``total``."""
    return Rows(len(shown) if total is None else total, shown)


def references(*numbers: int, total: int | None = None, process: int = 0) -> Rows[CallReference]:
    """Call references whose line is near their number, as in a log of one process."""
    return rows(*(CallReference(process=process, number=number, line=number + 4) for number in numbers), total=total)


def params(**values: str) -> tuple[Param, ...]:
    return tuple(Param(name=name, value=value) for name, value in values.items())


HOSTILE_PARAMS = tuple(Param(name=f"p{index}", value=value) for index, value in enumerate(HOSTILE_VALUES))


ONE_BY_ONE = 80
"""Of the calls that ask for the first time: those that a batch would have answered."""
