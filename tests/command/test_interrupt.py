"""Interrupts that Python itself can't raise."""

import sys

import pytest

from tracereport.command.interrupt import Terminated, prompt_interrupts


class Raising:
    """Raises while it is taken away, as a library does that an interrupt meets there."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __del__(self) -> None:
        raise self.error


@pytest.mark.parametrize(("error", "told"), [(KeyboardInterrupt(), 0), (Terminated(15), 0), (ValueError(), 1)])
def test_nothing_is_said_of_an_interrupt_in_a_finalizer(
    error: BaseException, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    with prompt_interrupts(lambda: None):
        Raising(error)
    assert len(said) == told
    Raising(KeyboardInterrupt())
    assert len(said) == told + 1, "afterwards it is as before"
