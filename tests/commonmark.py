"""GitHub's own parser, cmark-gfm, as a tree that tests can inspect."""

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

_EXTENSIONS = ("table", "autolink", "strikethrough", "tasklist")


@dataclass(frozen=True)
class Node:
    """A node of the document: its kind as cmark names it, its own text, and what it holds."""

    kind: str
    text: str
    children: tuple["Node", ...]

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, kind: str) -> list["Node"]:
        return [node for node in self.walk() if node.kind == kind]

    def all_text(self) -> str:
        return self.text + "".join(child.all_text() for child in self.children)


def parse_with_cmark(markdown: str) -> Node:
    """The document's tree; without cmark-gfm the test is skipped, in CI it fails."""
    if shutil.which("cmark-gfm") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("cmark-gfm is missing: apt-get install cmark-gfm")
        pytest.skip("needs cmark-gfm")
    options = [option for extension in _EXTENSIONS for option in ("-e", extension)]
    done = subprocess.run(
        ["cmark-gfm", "--unsafe", "-t", "xml", *options],
        input=markdown.encode(),
        capture_output=True,
        check=True,
    )
    return _node(ET.fromstring(done.stdout))  # noqa: S314 - cmark's own output


def _node(element: ET.Element) -> Node:
    kind = element.tag.rpartition("}")[2]
    return Node(kind, element.text or "" if len(element) == 0 else "", tuple(_node(child) for child in element))
