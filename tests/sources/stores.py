"""What is promised of logs in any vendor's store."""

from pathlib import Path

from tests.running import DEEP, SINGLE
from tracereport.command.cli import main

LOGS = {"night/single.log": SINGLE, "night/deep.log.zst": DEEP, "day/single.log": SINGLE}
"""By their keys: what a store of these tests holds."""


def report_of(tmp_path: Path, *arguments: str, code: int = 0) -> bytes:
    """The report's JSON, with a title that tells nothing of where it comes from."""
    document = tmp_path / "report.json"
    assert main([*arguments, "-q", "--title", "t", "-o", str(document)]) == code
    return document.read_bytes()


def hold_store(store: str, tmp_path: Path) -> None:
    """Its logs are listed, read, measured by shares and joined, and give the report of the same files."""
    copies = tmp_path / "night"
    copies.mkdir()
    (copies / "single.log").write_bytes(SINGLE.read_bytes())
    (copies / "deep.log.zst").write_bytes(DEEP.read_bytes())
    own = report_of(tmp_path, f"{copies}/*.log*").replace(str(copies).encode(), f"{store}/night".encode())
    assert report_of(tmp_path, f"{store}/night/*.log*") == own
    for share in ("1/2", "2/2"):
        assert main(["measure", f"{store}/night/*.log*", "--parts", f"{store}/parts", "--shard", share]) == 0
    assert report_of(tmp_path, "join", f"{store}/parts") == own
