"""The commands around a report: accepting findings, showing the configuration, emitters to copy and to check."""

import shutil
import sys
from datetime import datetime
from pathlib import Path

import click

from tracereport.command.emitter_files import LANGUAGES, Language, read_emitter
from tracereport.command.options import CONTEXT, DAY, TEXT
from tracereport.command.printing import print_line
from tracereport.engine.own_process import begin_command
from tracereport.errors import ExitCode

ACCEPT_EXAMPLES = """\b
Examples:
  tracereport accept perf_trace.log 3f2a9c01 --reason "read once per tenant, by design"
  tracereport accept report.json 3f2a9c01 --reason "until the cache lands" --until 2030-01-31
"""
CONFIG_EXAMPLES = """\b
Examples:
  tracereport config
  tracereport config --config ci/tracereport.toml
"""
EMITTER_EXAMPLES = """\b
Examples:
  tracereport emitter rust > src/perf_trace.rs
  tracereport emitter node > perf-trace.mjs
  tracereport emitter typescript > src/perf-trace.ts
  tracereport emitter node-emitter > perf-trace-emitter.cjs    # what these load without `tracereport run`
"""
CHECK_EXAMPLES = """\b
Examples:
  tracereport check-emitter perf_trace.log
  my-program 2>&1 | tracereport check-emitter -
"""


@click.command(context_settings=CONTEXT, epilog=ACCEPT_EXAMPLES, no_args_is_help=True)
@click.argument("log", type=click.STRING, metavar="LOG")
@click.argument("fingerprint", type=TEXT)
@click.option("--reason", required=True, metavar="TEXT", type=TEXT, help="Why it is accepted.")
@click.option("--until", type=DAY, metavar="YYYY-MM-DD", help="The last day on which it is.")
@click.option(
    "--config",
    metavar="FILE",
    help="The file to write to. Default: the one of this folder or its parents, else tracereport.toml.",
)
def accept(log: str, fingerprint: str, *, reason: str, until: datetime | None, config: str | None) -> int:
    """Accept a finding: it stays in the report, with its reason, and fails no gate.

    LOG is what the finding was found in, or a report.json of it; FINGERPRINT may be its first digits. What the finding
    says is written beside them, for those who read the configuration.
    """
    begin_command()
    from tracereport.command.accepting import find_finding  # noqa: PLC0415
    from tracereport.command.config import OWN_FILE, find_config, read_config  # noqa: PLC0415
    from tracereport.command.config_text import write_acceptance  # noqa: PLC0415
    from tracereport.command.plan import working_folder  # noqa: PLC0415
    from tracereport.wording.sentences import describe_finding  # noqa: PLC0415
    from tracereport.wording.units import quote_name  # noqa: PLC0415

    path = Path(config) if config else find_config(working_folder()) or Path(OWN_FILE)
    finding = find_finding(log, fingerprint, read_config(path if path.exists() else None))
    sentence = describe_finding(finding, quote_name)
    write_acceptance(path, finding.fingerprint, reason, until.date() if until else None, sentence)
    print_line(f"{path}: accepted {finding.fingerprint}: {sentence}")
    return ExitCode.DONE


@click.command(context_settings=CONTEXT, epilog=CONFIG_EXAMPLES)
@click.option("--config", metavar="FILE", help="The file to show. Default: the one of this folder or its parents.")
def config(config: str | None) -> int:
    """Show the settings in effect, and where each of them comes from."""
    from tracereport.command.config import read_config  # noqa: PLC0415
    from tracereport.command.config_text import format_config  # noqa: PLC0415
    from tracereport.command.plan import choose_config  # noqa: PLC0415

    click.echo(format_config(read_config(choose_config({"config": config}))), nl=False)
    return ExitCode.DONE


@click.command(context_settings=CONTEXT, epilog=EMITTER_EXAMPLES, no_args_is_help=True)
@click.argument("language", type=click.Choice(LANGUAGES))
def emitter(language: Language) -> int:
    """Print the file that a program copies to write trace lines; its first lines say how to use it.

    Python needs no copy where tracereport is installed: from tracereport.emit import traced
    """
    click.echo(read_emitter(language), nl=False)
    return ExitCode.DONE


@click.command("check-emitter", context_settings=CONTEXT, epilog=CHECK_EXAMPLES, no_args_is_help=True)
@click.argument("log", type=click.STRING, metavar="LOG")
def check_emitter(log: str) -> int:
    """Check a log of trace lines against the rules for emitters, and say which of them it doesn't exercise.

    LOG is a file, or - for standard input, packed or not. Exits with 1 if a rule is broken.
    """
    from tracereport.command.emitter_check import check_log, format_verdicts  # noqa: PLC0415

    check, verdicts = check_log(log)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(format_verdicts(check, verdicts, width), nl=False)
    return ExitCode.GATE_FAILED if any(verdict.breaches for verdict in verdicts) else ExitCode.DONE
