"""Input -> calls: one file or folder per format, and the streams that they read from.

A new format is one file with a ``Source``, and one entry here. What tells formats apart loads the standard library
alone; what reads one is loaded when it is met.
"""

from typing import Final

from tracereport.sources.interface import Source
from tracereport.sources.lines_source import LINES_SOURCES
from tracereport.sources.parquet_source import ParquetSource
from tracereport.sources.perf_trace.source import PerfTraceSource
from tracereport.sources.rails.source import RailsSource
from tracereport.sources.spans.source import SPAN_SOURCES

DEFAULT_SOURCE: Final = PerfTraceSource()
"""What is taken for its format where nobody claims an input: it says best why it holds nothing."""
SOURCES: Final[tuple[Source, ...]] = (DEFAULT_SOURCE, ParquetSource(), *SPAN_SOURCES, RailsSource(), *LINES_SOURCES)
"""All formats, in the order in which errors name them."""
