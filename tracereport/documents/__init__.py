"""Documents: what a report becomes. One format is one file here, and one member of ``FORMATS``."""

from typing import Final

from tracereport.documents.brief import Brief
from tracereport.documents.calls.parquet import Parquet
from tracereport.documents.calls.raw import Raw
from tracereport.documents.calls.speedscope import Speedscope
from tracereport.documents.github import GitHub
from tracereport.documents.gitlab import GitLab
from tracereport.documents.html import Html
from tracereport.documents.interface import Format
from tracereport.documents.json import Json, PackedJson
from tracereport.documents.markdown import Markdown
from tracereport.documents.sarif import Sarif
from tracereport.documents.text import Text

FORMATS: Final[tuple[Format, ...]] = (
    Text(),
    Brief(),
    Markdown(),
    Html(),
    Json(),
    PackedJson(),
    Sarif(),
    GitHub(),
    GitLab(),
    Raw(),
    Parquet(),
    Speedscope(),
)
"""In the order of the help. Of formats with one suffix the first is chosen by it; ``--format`` names another."""
