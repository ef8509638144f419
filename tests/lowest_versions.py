"""Prints the lowest versions that tracereport says it works with, as constraints: ``python -m tests.lowest_versions``.

Of what only extras and tests need, and of what others need in turn, the newest are taken: the tests of an extra bring
programs that need newer ones.
"""

import re
import tomllib

from tests.paths import ROOT

REQUIREMENT = re.compile(r"([a-z0-9-]+)(?:\[[a-z,]+\])?>=([0-9.]+)")


def list_lowest() -> list[str]:
    """``name==version`` for each dependency of the project.

    Raises:
        ValueError: one has no lower bound.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = []
    for requirement in project["dependencies"]:
        found = REQUIREMENT.match(requirement)
        if found is None:
            raise ValueError(f"{requirement} has no lower bound")
        lowest.append(f"{found[1]}=={found[2]}")
    return sorted(set(lowest))


if __name__ == "__main__":
    print("\n".join(list_lowest()))
