"""Which tests belong to which tier: what they need beside Python, or that they take long.

``pytest`` alone runs the quick ones, on all cores. Whoever names a file, a folder or a marker gets all that is named,
in one process. A test is in a tier by its file here, or by its own marker.
"""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

TIERS: Final = {
    "slow": "takes long: whole suites, many drawn logs, every document of every log",
    "browser": "needs Debian's chromium, and playwright",
    "rust": "needs Debian's rustc and cargo",
    "node": "needs node, and npm install in the checkout",
    "services": "starts servers: PostgreSQL, a Dask cluster, an object store",
}
"""Each tier's marker, and what it means."""

FILES: Final = {
    "browser": ("browser/",),
    "rust": ("command/test_emitter_check.py", "emit/test_rust.py", "emit/test_rust_cargo.py"),
    "node": (
        "command/test_emitter_check.py",
        "emit/test_node.py",
        "emit/test_node_activations.py",
        "emit/test_node_hooks.py",
        "emit/test_node_mongo.py",
        "emit/test_node_orms.py",
        "emit/test_node_programs.py",
        "emit/test_node_redis.py",
        "emit/test_node_runners.py",
        "emit/test_node_senders.py",
    ),
    "services": (
        "emit/test_drivers.py",
        "engine/test_cluster.py",
        "engine/test_object_parts.py",
        "sources/test_azure.py",
        "sources/test_google.py",
        "sources/test_objects.py",
    ),
    "slow": (
        "command/test_exit_codes.py",
        "command/test_inputs.py",
        "command/test_interrupt.py",
        "command/test_printing.py",
        "command/test_terminal.py",
        "command/test_wrong_use.py",
        "docs/test_guides.py",
        "docs/test_performance_tracing_doc.py",
        "docs/test_scale.py",
        "documents/test_findings_page.py",
        "documents/test_html.py",
        "documents/test_markdown.py",
        "emit/test_distribution.py",
        "emit/test_pytest_plugin.py",
        "engine/test_interrupt.py",
        "engine/test_properties.py",
        "engine/test_report.py",
        "engine/test_same_report.py",
        "engine/test_segments.py",
        "examples/",
        "fuzz/",
        "measures/test_fanout.py",
        "measures/test_many_names.py",
        "native/test_fuzz.py",
        "oracle/",
        "sources/test_inputs_reported.py",
        "sources/test_limits.py",
        "sources/test_linear_time.py",
        "sources/test_reader.py",
        "sources/test_table.py",
        "test_packaging.py",
        "test_tiers.py",
    ),
}
"""Files and folders below ``tests/`` whose tests all belong to a tier."""


def tiers_of(path: PurePath) -> Iterator[str]:
    """The tiers of all tests in a file, by its path below ``tests/``."""
    name = path.as_posix()
    for tier, files in FILES.items():
        if name.startswith(files):
            yield tier
