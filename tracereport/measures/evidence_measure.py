"""Evidence as a measure: no section of its own, but what all others hold their repeats against."""

from tracereport.measures.evidence import measure_evidence, merge_evidence
from tracereport.measures.interface import Measure

MEASURE = Measure("evidence", measure_evidence, merge_evidence)
