"""The oracle's records, divided into processes as the program divided them: so it measures what the program did."""

from collections.abc import Sequence
from dataclasses import replace

from tests.oracle import Process, Reading
from tracereport.calls.calls import NO_PARENT, TREE_KINDS, Calls


def divide_records(readings: Sequence[Reading], calls: Calls) -> list[Process]:
    """The records of all inputs, which the calls must be, one process each that the calls tell apart."""
    records = [(reading.file, record) for reading in readings for record in reading.records]
    assert [record.number for _, record in records] == calls.number.tolist()
    processes = [
        Process(
            records=[],
            file=calls.files[file],
            name=name,
            interleaved=not judged,
            tree=TREE_KINDS[tree],
        )
        for name, file, judged, tree in zip(
            calls.processes.name,
            calls.processes.file.tolist(),
            calls.processes.judged.tolist(),
            calls.processes.tree.tolist(),
            strict=True,
        )
    ]
    columns = (calls.process.tolist(), calls.parent.tolist(), calls.implausible.tolist(), calls.test.tolist())
    for (file, as_read), index, parent, is_implausible, test in zip(records, *columns, strict=True):
        process, record = processes[index], as_read
        assert process.file == file
        if is_implausible:
            process.implausible.add(len(process.records))
        if parent != NO_PARENT:
            process.parents[record.number] = parent
        if test >= 0 and record.test is None:  # told by the markers
            record = replace(record, said=(*record.said, ("test", calls.tests[test])))
        process.records.append(record)
    return processes
