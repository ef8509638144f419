"""The report's sections: what each is called, shows, means and asks to be done. One is one file here."""

from typing import Any, Final

from tracereport.sections.breakdown import PerformanceBreakdown
from tracereport.sections.cache import CacheSizes
from tracereport.sections.callers import Callers, CallPatterns
from tracereport.sections.comparison import (
    EdgeChanges,
    FindingChanges,
    FunctionChanges,
    ProcessesAfter,
    ProcessesBefore,
    TotalsChanges,
)
from tracereport.sections.fanouts import FanOuts
from tracereport.sections.functions import Functions, FunctionTimes
from tracereport.sections.gates import Gates
from tracereport.sections.interface import SectionView
from tracereport.sections.neighbours import SequentialDuplicates, SharedLookups
from tracereport.sections.processes import Processes, UnitsOfWork
from tracereport.sections.quality import Acceptances, DataQuality, ReadInput
from tracereport.sections.redundancy import (
    AnswerGrades,
    AskedAgainBy,
    CacheCandidates,
    RedundantLookups,
    RedundantSignatures,
)
from tracereport.sections.slowest import FarSlower, SlowestCalls
from tracereport.sections.timelines import Timelines
from tracereport.sections.tree import CallTreePaths, DeepestPaths

SECTIONS: Final[tuple[SectionView[Any], ...]] = (
    Gates(),
    FindingChanges(),
    TotalsChanges(),
    FunctionChanges(),
    EdgeChanges(),
    ProcessesBefore(),
    ProcessesAfter(),
    Timelines(),
    Functions(),
    FunctionTimes(),
    SlowestCalls(),
    FarSlower(),
    CallPatterns(),
    Callers(),
    RedundantSignatures(),
    RedundantLookups(),
    AskedAgainBy(),
    AnswerGrades(),
    CacheCandidates(),
    SequentialDuplicates(),
    SharedLookups(),
    FanOuts(),
    CacheSizes(),
    PerformanceBreakdown(),
    CallTreePaths(),
    DeepestPaths(),
    Processes(),
    UnitsOfWork(),
    Acceptances(),
    DataQuality(),
    ReadInput(),
)
"""In the order of every document; chapters of the page in the order of their first section."""
