"""The native library bears hostile bytes: a second of them on every run, a minute in the gate, an hour by command."""

import pytest

from tests.native.fuzz import NoSanitizerError, fuzz


def test_a_second_of_hostile_bytes_breaks_nothing() -> None:
    try:
        fuzz(1)
    except NoSanitizerError as error:
        pytest.skip(f"no compiler here has AddressSanitizer: {error}")
