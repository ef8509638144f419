import gzip
from base64 import b64decode
from importlib.metadata import version
from pathlib import Path

import platformdirs
import pytest

from tracereport.documents.page import vega_bundle
from tracereport.sections.charts import templates

NAME = f"vega-{version('vl-convert-python')}.js.gz"
PACKED = gzip.compress(b"window.vegaEmbed = 1;", mtime=0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache of its own, and a bundle that is quick to make."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: folder)
    monkeypatch.setattr(vega_bundle, "make_bundle", lambda: PACKED)
    return folder


def test_the_bundle_is_a_script_without_an_end_tag_that_sets_one_global() -> None:
    packed = vega_bundle.make_bundle()
    bundle = gzip.decompress(packed).decode()
    assert "</script" not in bundle.lower()
    assert bundle.partition("*/\n")[2].startswith("(() => {"), "behind the licences"
    assert bundle.endswith("})();")
    assert bundle.count("window.vegaEmbed=") == 1
    assert len(packed) < 320_000


def test_a_checkout_makes_it_once_and_keeps_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = vega_bundle.read_bundle()
    assert (cache / NAME).read_bytes() == PACKED
    assert made.script == "window.vegaEmbed = 1;"
    assert gzip.decompress(b64decode(made.packed)).decode() == made.script
    assert [file.name for file in cache.iterdir()] == [NAME]
    monkeypatch.setattr(vega_bundle, "make_bundle", lambda: pytest.fail("made twice"))
    assert vega_bundle.read_bundle() == made


def test_a_cache_that_cannot_be_written_is_no_error(cache: Path) -> None:
    cache.write_text("a file where a folder should be")
    assert vega_bundle.read_bundle().script == "window.vegaEmbed = 1;"


def test_a_wheel_never_makes_it(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vega.js.gz").write_bytes(gzip.compress(b"packaged"))
    monkeypatch.setattr(templates, "templates_dir", lambda: tmp_path)
    monkeypatch.setattr(vega_bundle, "make_bundle", lambda: pytest.fail("made at run time"))
    assert vega_bundle.read_bundle().script == "packaged"
    assert not cache.exists()
