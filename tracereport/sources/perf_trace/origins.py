"""What records say beside question and answer -> the table of origins that the calls point to."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from tracereport.calls.calls import CACHED, FAILED, FRAME, NO_TEXT, PHASES, QUESTION, RECORDED, WRITE
from tracereport.calls.origins import CodedOrigins, code_origins
from tracereport.calls.statements import code_written
from tracereport.sources.perf_trace.grammar import PHASE_FIELD
from tracereport.sources.perf_trace.remarks import Remarks

_NOTHING: Final = "0"
"""What ``write=`` says of a call that is none."""
_MOST_ATTEMPTS: Final = np.iinfo(np.int32).max


def encode_origins(remarks: Remarks, resources: Sequence[str]) -> CodedOrigins:
    """The distinct combinations of the reserved fields, and which of them each remark says."""
    codes = {name: code for code, name in enumerate(resources)}
    write, written = remarks.texts["write"]
    of_value = [NO_TEXT if name == _NOTHING else code_written(name, codes) for name in written]
    writes = np.array([*of_value, NO_TEXT], np.int64)[write]
    phase, phases = remarks.texts[PHASE_FIELD]
    names: tuple[str, ...] = PHASES
    return code_origins(
        kind=np.where(remarks.flags["frame"], FRAME, np.where(writes != NO_TEXT, WRITE, QUESTION)),
        answer=np.where(remarks.flags["failed"], FAILED, np.where(remarks.flags["cached"], CACHED, RECORDED)),
        phase=np.array([*(names.index(name) for name in phases), 0], np.int64)[phase],
        attempt=np.clip(remarks.numbers["try"], 0, _MOST_ATTEMPTS),
        at=remarks.texts["at"],
        via=remarks.texts["via"],
        writes=writes,
        resources=tuple(codes),
    )
