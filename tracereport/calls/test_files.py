"""Files of tests, by the names that test runners search for."""

import re
from typing import Final

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
