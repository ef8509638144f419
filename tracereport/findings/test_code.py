"""Findings of the tests' own code: what a test asks or writes to arrange and to check is no fault of the program's.

They come behind those of the program. A file is one of tests by the names that test runners search for.
"""

import re
from typing import Final

from tracereport.measures.partials import Table

_TEST_FOLDERS: Final = r"(tests?|__tests__|specs?)"
_TEST_FILE: Final = re.compile(
    rf"(^|/){_TEST_FOLDERS}/"
    r"|(^|/)(test_[^/]*|[^/]*_test|conftest|tests|factories)\.py$"
    r"|(_test|_spec)\.(go|rb|exs?)$"
    r"|[._](test|spec)\.[cm]?[jt]sx?$"
    r"|(Test|Tests|IT)\.(java|kt|cs)$"
)


def is_of_tests(place: str) -> bool:
    """Whether a place (``path:line``) lies in a file of tests."""
    path, _, _ = place.rpartition(":")
    return _TEST_FILE.search(path.replace("\\", "/")) is not None


def find_keys_of_tests(places: Table) -> frozenset[str]:
    """The findings whose calls are all asked in files of tests, as far as their places are known.

    Args:
        places: by the text of the finding's key and ``at``.
    """
    own: dict[str, bool] = {}
    known: dict[str, bool] = {}
    for key, place in places.rows("finding", "at"):
        if place not in known:
            known[place] = is_of_tests(place)
        own[key] = own.get(key, True) and known[place]
    return frozenset(key for key, is_own in own.items() if is_own)
