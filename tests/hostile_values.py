"""Values meant to hurt whoever writes or reads them, for the property tests of each emitter."""

from hypothesis import strategies as st

FRAGMENTS = (
    "|", "\n", "\\", "=", "\r", "\t", " ", "\0", "\x1b[31m", "\x85", "\u2028", "\u202e", "\ufeff", "é", "\U0001f600",
    r"\x7c", r"\x0a", r"\x5c", r"\x", "PERF_TRACE", "PERF_TRACE|", "PERF_TRACE|7|fake|elapsed_us=3|parent=none",
    "elapsed_ms=4", "|elapsed_us=9", "caller=", "escaped=1", "test=", "parent=none", "'", '"', "`", "</script>",
)  # fmt: skip
values = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=6).map("".join)
"""Any Unicode text but lone surrogates, which UTF-8 can't hold."""
broken_values = st.lists(values | st.sampled_from(("\ud800", "\udbff", "\udc00", "\udfff")), max_size=4).map("".join)
"""Those, too: Python and JavaScript have such texts."""


def join_pairs(text: str) -> str:
    """The text as JavaScript has it: a high surrogate and a low one behind it are one character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def write_surrogates(text: str) -> str:
    r"""The text with each lone surrogate as ``\udXXX``, which is what an emitter writes."""
    return text.encode("utf-8", "backslashreplace").decode()
