"""Makes ``examples/python-api.md`` from the docstrings: ``python -m tests.make_python_api``."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from tests.paths import EXAMPLES
from tracereport import model
from tracereport.api import analyze, chart, read_calls, render

PAGE = EXAMPLES / "python-api.md"
OPENING = """\
# The Python API

Everything that the command does can be done from Python, in a notebook as well as in a script: `read_calls` reads logs
into a [Polars](https://docs.pola.rs) frame, `analyze` makes a report of such a frame, `render` makes a document of a
report. This page is made from the docstrings by `python -m tests.make_python_api`; its example is run by the tests.

```python
# again.py
import polars as pl
import tracereport

calls = tracereport.read_calls("duckpond-single-thread.log")
print(calls.select("number", "function", "caller", "elapsed_ns").head(2).write_csv(), end="")

report = tracereport.analyze(calls, title="duckpond")
print(report.verdict.message)
for finding in report.findings.rows[:1]:
    print(finding.kind, finding.function, *finding.callers, finding.calls_saved, finding.confidence)

# What a frame can do comes first: the report of one caller's calls alone, as if nobody else had asked.
metadata = tracereport.analyze(calls.filter(pl.col("caller") == "metadata"))
print(metadata.totals.calls, metadata.totals.redundant_calls)

print(tracereport.render(report, "text").split("\\n")[1])
```

```console
$ python again.py
number,function,caller,elapsed_ns
0,query_records,get_next_version_for_node,234000000
1,query_records,get_next_version_for_node,41000000
...
again query_records metadata 133 sure
233 195
Performance Analysis Report
```

"""
FUNCTIONS = (read_calls, analyze, render, chart)
TITLES = {"Args": "Takes", "Returns": "Gives", "Raises": "Raises"}
RECORDS_OPENING = """\
## The report

`analyze` gives a `Report`: immutable records, the same that `report.json` holds. Times are integers in nanoseconds,
rates run from 0 to 1, what is missing is None. A list is `Rows`: `total` says how many there are, `rows` holds the
first of them.
"""


def make_page() -> str:
    """The whole page."""
    functions = "\n".join(describe_function(function) for function in FUNCTIONS)
    records = "\n".join(describe_record(record) for record in walk_records("Report", set()))
    return f"{OPENING}{functions}\n{RECORDS_OPENING}\n{records}"


def describe_function(function: Callable[..., object]) -> str:
    """Heading, signature, and the docstring with its sections as lists."""
    summary, *sections = to_markdown(inspect.getdoc(function) or "").split("\n\n")
    lines = [f"## `{function.__name__}{describe_parameters(function)}`", "", summary]
    for section in sections:
        title, _, body = section.partition(":\n")
        entries = [textwrap.dedent(body)] if title == "Returns" else re.split(r"\n(?=\S)", textwrap.dedent(body))
        if title == "Args":
            entries = [name_literals(entry, function) for entry in entries]
        lines += ["", f"{TITLES[title]}", "", *(f"- {' '.join(entry.split())}" for entry in entries)]
    return "\n".join(lines) + "\n"


def describe_parameters(function: Callable[..., object]) -> str:
    """The parameters as they are given, with their defaults and without their types."""
    signature = inspect.signature(function)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)).replace("'", '"')


def name_literals(entry: str, function: Callable[..., object]) -> str:
    """What is said of a parameter, with the values that it may have where these are few and not named there."""
    name, _, text = entry.partition(": ")
    hint = get_type_hints(function)[name]
    values = get_args(hint) if get_origin(hint) is Literal else ()
    if all(f"`{value}`" in text for value in values):
        return entry
    named = " or ".join(f'`"{value}"`' for value in values)
    return f"{name} ({named}): {text}"


def walk_records(name: str, seen: set[str]) -> Iterator[ast.ClassDef]:
    """A record, and those that its fields hold, each once, in the order in which a reader meets them."""
    if name in seen or name not in RECORDS:
        return
    seen.add(name)
    yield RECORDS[name]
    for field in body_of(RECORDS[name]):
        if isinstance(field, ast.AnnAssign):
            for part in ast.walk(field.annotation):
                if isinstance(part, ast.Name):
                    yield from walk_records(part.id, seen)


def body_of(record: ast.ClassDef) -> list[ast.stmt]:
    """What stands below a record's docstring: first that of the one that it extends."""
    above = [RECORDS[base.id] for base in record.bases if isinstance(base, ast.Name) and base.id in RECORDS]
    return [
        *(statement for each in above for statement in body_of(each)),
        *record.body[ast.get_docstring(record) is not None :],
    ]


def describe_record(record: ast.ClassDef) -> str:
    """Heading, docstring, and a table of the fields, each with what is said below it or of the record that it holds."""
    lines = [
        f"### {record.name}",
        "",
        to_markdown(ast.get_docstring(record) or ""),
        "",
        "| field | holds |",
        "|---|---|",
    ]
    body = body_of(record)
    for field, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign):
            told = ""
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                told = to_markdown(str(below.value.value))
            told = " ".join([describe_type(field.annotation), *told.split()])
            lines.append(f"| `{ast.unparse(field.target)}` | {told} |")
    return "\n".join(lines) + "\n"


def describe_type(annotation: ast.expr) -> str:
    """The type as code; a record in it as a link, with the first sentence of what is said of it."""
    names = [part.id for part in ast.walk(annotation) if isinstance(part, ast.Name) and part.id in RECORDS]
    code = LITERAL.sub(lambda found: found[1].replace("'", '"').replace(", ", " | "), write_type(annotation))
    code = code.replace("|", "\\|")
    shown = [name for name in names if name != "Rows"]
    if not shown:
        bounds = [f"at least {bound}." for bound in re.findall(r"Meta\(ge=(\d+)\)", ast.unparse(annotation))]
        return " ".join([f"`{code}`", *bounds])
    sentence = (ast.get_docstring(RECORDS[shown[-1]]) or "").split("\n\n")[0]
    return f"[`{code}`](#{shown[-1].lower()}) {' '.join(to_markdown(sentence).split())}"


def write_type(annotation: ast.expr) -> str:
    """The type as it is written, with the values for the name of a few, and without bounds."""
    text = ast.unparse(annotation)
    for name, values in ALIASES.items():
        text = re.sub(rf"\b{name}\b", values, text)
    return BOUNDED.sub(r"\1", text)


def to_markdown(docstring: str) -> str:
    """A docstring's code in Markdown's backticks."""
    return docstring.replace("``", "`")


LITERAL = re.compile(r"Literal\[([^\]]*)\]")
BOUNDED = re.compile(r"Annotated\[(\w+), msgspec\.Meta\([^)]*\)\]")
STATEMENTS = [
    statement
    for module in sorted(Path(str(model.__file__)).parent.glob("*.py"))
    for statement in ast.parse(module.read_text(encoding="utf-8")).body
]
ALIASES = {
    str(node.targets[0].id): ast.unparse(node.value)
    for node in STATEMENTS
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and "Literal" in ast.unparse(node.value)
}
RECORDS = {node.name: node for node in STATEMENTS if isinstance(node, ast.ClassDef)}

if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
