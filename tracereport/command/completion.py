"""Scripts that complete the command's words in a shell: ``tracereport completion bash``.

They hold the commands and options of this version, so that a key press starts no program.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, get_args

import click

Shell = Literal["bash", "zsh", "fish"]
SHELLS: tuple[Shell, ...] = get_args(Shell)
_REPORT: Final = ""
"""What stands for the command without a subcommand."""
_LONGEST_HELP: Final = 60


def write_completion(
    shell: Shell, report: click.Command, commands: Mapping[str, click.Command], choices: Mapping[str, Sequence[str]]
) -> str:
    """The script for a shell.

    Args:
        shell: whose it is.
        report: the command without a subcommand.
        commands: the subcommands by their names.
        choices: by option, the words that it takes; other options take files or free text.
    """
    writers: dict[Shell, Callable[[Mapping[str, click.Command], Mapping[str, Sequence[str]]], str]] = {
        "bash": _write_bash,
        "zsh": _write_zsh,
        "fish": _write_fish,
    }
    return writers[shell]({_REPORT: report, **commands}, choices)


def _options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option)]


def _arguments(command: click.Command) -> list[str]:
    """The words that the command's argument is one of."""
    return [
        word
        for param in command.params
        if isinstance(param, click.Argument) and isinstance(param.type, click.Choice)
        for word in map(str, param.type.choices)
    ]


def _own_choices(command: click.Command) -> list[tuple[str, list[str]]]:
    """The command's options that take one of a few words, by flag."""
    return [
        (flag, [str(choice) for choice in option.type.choices])
        for option in _options(command)
        if isinstance(option.type, click.Choice)
        for flag in option.opts
    ]


def _flags(command: click.Command) -> list[str]:
    return [name for option in _options(command) for name in option.opts] + ["--help"]


def _summary(text: str | None) -> str:
    """A help's first sentence, without what a shell would take for its own."""
    first = (text or "").partition(". ")[0].removesuffix(".").replace("\n", " ")
    shown = first if len(first) <= _LONGEST_HELP else first[: _LONGEST_HELP - 3].rstrip() + "..."
    return "".join(character for character in shown if character not in "'\"`$\\:[]")


def _write_bash(commands: Mapping[str, click.Command], choices: Mapping[str, Sequence[str]]) -> str:
    words = " ".join(name for name in commands if name)
    cases = [f'    {name}) options="{" ".join(_flags(command))}" ;;' for name, command in commands.items() if name]
    values = [
        f'    {option}) COMPREPLY=($(compgen -W "{" ".join(taken)}" -- "$current")); return ;;'
        for option, taken in choices.items()
    ]
    own = [
        f'    "{name} {flag}") COMPREPLY=($(compgen -W "{" ".join(taken)}" -- "$current")); return ;;'
        for name, command in commands.items()
        for flag, taken in _own_choices(command)
        if name
    ]
    arguments = [
        f'    {name}) COMPREPLY=($(compgen -W "{" ".join(taken)}" -- "$current")); return ;;'
        for name, command in commands.items()
        if name and (taken := _arguments(command))
    ]
    return "\n".join(
        [
            '# For ~/.bashrc: eval "$(tracereport completion bash)"',
            "_tracereport() {",
            "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options word",
            "  COMPREPLY=()",
            '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
            "    [[ $word == -- ]] && return  # what is run completes as files do",
            "  done",
            '  case "${COMP_WORDS[1]} $previous" in',
            *own,
            "  esac",
            "  case $previous in",
            *values,
            "  esac",
            "  case ${COMP_WORDS[1]} in",
            *cases,
            f'    *) options="{" ".join(_flags(commands[_REPORT]))}" ;;',
            "  esac",
            "  if [[ $current == -* ]]; then",
            '    COMPREPLY=($(compgen -W "$options" -- "$current")); return',
            "  fi",
            "  if ((COMP_CWORD == 1)); then",
            f'    COMPREPLY=($(compgen -W "{words}" -- "$current") $(compgen -f -- "$current")); return',
            "  fi",
            "  case ${COMP_WORDS[1]} in",
            *arguments,
            "  esac",
            "}",
            "complete -o default -F _tracereport tracereport",
            "",
        ]
    )


def _write_zsh(commands: Mapping[str, click.Command], choices: Mapping[str, Sequence[str]]) -> str:
    def described(pairs: Sequence[tuple[str, str]]) -> str:
        return " ".join(f"'{name}:{text}'" for name, text in pairs)

    def options_of(command: click.Command) -> str:
        pairs = [(name, _summary(option.help)) for option in _options(command) for name in option.opts]
        return described([*pairs, ("--help", "Show the help")])

    words = described([(name, _summary(command.help)) for name, command in commands.items() if name])
    return "\n".join(
        [
            "#compdef tracereport",
            '# For ~/.zshrc, behind compinit: eval "$(tracereport completion zsh)"',
            "_tracereport() {",
            "  local -a commands options",
            "  if (( ${words[(I)--]} > 0 && ${words[(I)--]} < CURRENT )); then _files; return; fi",
            '  case "${words[2]} ${words[CURRENT-1]}" in',
            *(
                f'    "{name} {flag}") compadd -- {" ".join(taken)}; return ;;'
                for name, command in commands.items()
                for flag, taken in _own_choices(command)
                if name
            ),
            "  esac",
            "  case ${words[CURRENT-1]} in",
            *(f"    {option}) compadd -- {' '.join(taken)}; return ;;" for option, taken in choices.items()),
            "  esac",
            "  case ${words[2]} in",
            *(f"    {name}) options=({options_of(command)}) ;;" for name, command in commands.items() if name),
            f"    *) options=({options_of(commands[_REPORT])}) ;;",
            "  esac",
            "  if [[ ${words[CURRENT]} == -* ]]; then _describe -o option options; return; fi",
            f"  if (( CURRENT == 2 )); then commands=({words}); _describe command commands; fi",
            "  case ${words[2]} in",
            *(
                f"    {name}) compadd -- {' '.join(taken)}; return ;;"
                for name, command in commands.items()
                if name and (taken := _arguments(command))
            ),
            "  esac",
            "  _files",
            "}",
            "compdef _tracereport tracereport",
            "",
        ]
    )


def _write_fish(commands: Mapping[str, click.Command], choices: Mapping[str, Sequence[str]]) -> str:
    names = " ".join(name for name in commands if name)
    lines = ["# For ~/.config/fish/completions/tracereport.fish"]
    for name, command in commands.items():
        seen = f"__fish_seen_subcommand_from {name}" if name else f"not __fish_seen_subcommand_from {names}"
        if name:
            lines.append(f"complete -c tracereport -n __fish_is_first_arg -a {name} -d '{_summary(command.help)}'")
        if taken := _arguments(command):
            lines.append(f"complete -c tracereport -n '{seen}' -f -a '{' '.join(taken)}'")
        offered = {**choices, **dict(_own_choices(command))}
        lines += [_write_fish_option(option, seen, offered) for option in _options(command)]
    return "\n".join([*lines, ""])


def _write_fish_option(option: click.Option, seen: str, choices: Mapping[str, Sequence[str]]) -> str:
    flags = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.opts]
    taken = next((choices[name] for name in option.opts if name in choices), None)
    value = f" -x -a '{' '.join(taken)}'" if taken else "" if option.is_flag else " -r"
    return f"complete -c tracereport -n '{seen}' {' '.join(flags)}{value} -d '{_summary(option.help)}'"
