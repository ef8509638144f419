"""The option ``--schema``: what the JSON of a document holds."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from tracereport.model import Record

Command = TypeVar("Command", bound=Callable[..., object])


def schema_option(document: str, load: Callable[[], "type[Record]"]) -> Callable[[Command], Command]:
    """The option that prints a JSON Schema and ends the command, whatever else is given.

    Args:
        document: what the schema describes.
        load: gives the record that the document holds.
    """

    def print_schema(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
        if is_asked:
            import json  # noqa: PLC0415

            from tracereport.model import json_schema  # noqa: PLC0415

            click.echo(json.dumps(json_schema(load()), indent=2))
            context.exit()

    return click.option(
        "--schema",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=print_schema,
        help=f"Print the JSON Schema of {document}.",
    )
