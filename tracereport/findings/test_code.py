"""Findings of the tests' own code: what a test asks or writes to arrange and to check is no fault of the program's.

They come behind those of the program.
"""

from tracereport.calls.test_files import is_of_tests
from tracereport.measures.partials import Table


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
