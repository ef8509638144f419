"""The command: which of its subcommands is meant, and what is said where one fails."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Final

import click

from tracereport.command.completion import SHELLS, Shell, write_completion
from tracereport.command.interrupt import orderly_end
from tracereport.command.options import CONTEXT
from tracereport.command.printing import print_error, readers_may_leave
from tracereport.command.reporting import report
from tracereport.errors import ExitCode, TracereportError, describe_fault

COMPLETION_EXAMPLES = """\b
Examples:
  tracereport completion bash > ~/.local/share/bash-completion/completions/tracereport
  tracereport completion fish > ~/.config/fish/completions/tracereport.fish
"""


@click.command(context_settings=CONTEXT, epilog=COMPLETION_EXAMPLES, no_args_is_help=True)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: Shell) -> int:
    """Print the script that completes commands and options in a shell; its first lines say where it goes."""
    from tracereport.documents import FORMATS  # noqa: PLC0415
    from tracereport.sources import SOURCES  # noqa: PLC0415

    choices = {"--format": [kind.name for kind in FORMATS], "--from": [source.name for source in SOURCES]}
    click.echo(write_completion(shell, report, COMMANDS, choices), nl=False)
    return ExitCode.DONE


class _Commands(Mapping[str, click.Command]):
    """The subcommands by their names, in the order of the help; one is loaded when it is asked for."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def __getitem__(self, name: str) -> click.Command:
        module = import_module(f"tracereport.command.{self._modules[name]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


COMMANDS: Final = _Commands(
    {
        "run": "reporting",
        "accept": "settling",
        "config": "settling",
        "measure": "reporting",
        "join": "reporting",
        "history": "history",
        "emitter": "settling",
        "check-emitter": "settling",
        "completion": "cli",
    }
)


def _meant_command(word: str) -> str | None:
    """The command that a word seems to mean that is neither one nor a file; null if it is far from all."""
    if word.startswith("-") or os.path.lexists(word):
        return None
    import difflib  # noqa: PLC0415

    near = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.6)
    return near[0] if near else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code. An interrupt is the caller's to report."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = COMMANDS[given[0]] if given and given[0] in COMMANDS else report
    name = "tracereport" if command is report else f"tracereport {given[0]}"
    if command is report and given and (meant := _meant_command(given[0])):
        print_error(f"{given[0]}: no such file or command", f"Did you mean {meant}? See tracereport {meant} --help.")
        return ExitCode.WRONG_USAGE
    code: int = ExitCode.DONE
    try:
        # Not by click's own main(): it would take a closed pipe for a failure.
        with (
            orderly_end(),
            readers_may_leave(sys.stdout),
            command.make_context(name, given[command is not report :]) as context,
        ):
            code = command.invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as finished:
        code = finished.exit_code
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of a library in Rust is no Exception
        code = _print_failure(error, name)
    return code


def _print_failure(error: BaseException, name: str) -> int:
    """Says what went wrong, and gives its exit code."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            return ExitCode.WRONG_USAGE
        case click.UsageError():
            print_error(error.format_message(), f"See {name} --help.")
            return ExitCode.WRONG_USAGE
        case TracereportError():
            print_error(error.message, error.remedy)
            return error.exit_code
        case MemoryError():
            print_error("Out of memory", "Give fewer logs at once, and join their tables: -o calls.parquet")
        case RuntimeError() if "can't start new thread" in str(error):
            print_error("No thread can be started", "Raise the limit of memory or of processes: see ulimit -a.")
        case FileNotFoundError() if "No usable temporary directory" in str(error):
            print_error("No folder for temporary files can be written", "Set TMPDIR to one that can be.")
        case OSError():
            print_error(f"{error.filename or 'The system'}: {error.strerror or error}", "Fix that and run it again.")
        case _:
            print_error(*describe_fault(error))
    return ExitCode.NOT_WRITTEN
