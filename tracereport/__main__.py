"""``python -m tracereport``, and where the command starts.

Nothing is loaded here that Python hasn't loaded itself: an interrupt is seen to from the first line of ``main`` on.
"""

import os
import sys


def main() -> int:
    """Runs the command. An interrupt counts from the first line on, and waits for no thread to end."""
    try:  # an interrupt while something is loaded is one, too
        import gc  # noqa: PLC0415

        from tracereport.engine.own_process import collect_seldom  # noqa: PLC0415

        collect_seldom()
        _open_closed_streams()
        from tracereport.command import cli  # noqa: PLC0415

        code = cli.main()
    except KeyboardInterrupt:
        os._exit(_tell_interrupted())
    except SystemExit as ended:  # by SIGTERM or SIGHUP
        from tracereport.errors import ExitCode  # noqa: PLC0415

        os._exit(ended.code if isinstance(ended.code, int) else ExitCode.NOT_WRITTEN)
    except Exception as error:  # noqa: BLE001 - what goes wrong while the command is loaded
        from tracereport.errors import ExitCode, describe_fault  # noqa: PLC0415

        message, remedy = describe_fault(error)
        sys.stderr.write(f"tracereport: {message}\n  {remedy}\n")
        return ExitCode.NOT_WRITTEN
    gc.freeze()  # what is left goes with the process, and needn't be looked through once more
    return code


def run() -> None:
    """The command as a process of its own.

    It ends without taking apart all that is loaded, which is a twentieth of a small log's time; but not while a thread,
    or what stops other processes, waits for an orderly end.
    """
    sys.unraisablehook = _end_if_interrupted
    code = main()
    import threading  # noqa: PLC0415 - main has loaded both
    from contextlib import suppress  # noqa: PLC0415

    if threading.active_count() > 1 or "multiprocessing" in sys.modules:
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # main has told what couldn't be written
            stream.flush()
    os._exit(code)


def _tell_interrupted() -> int:
    """Says so, and gives the exit code."""
    from tracereport.errors import INTERRUPTED_LINE, ExitCode  # noqa: PLC0415

    sys.stderr.write(INTERRUPTED_LINE)
    sys.stderr.flush()
    return ExitCode.INTERRUPTED


def _end_if_interrupted(unraisable: "sys.UnraisableHookArgs") -> None:
    """Ends the process for an interrupt in a finalizer, as there are some while modules load: Python only prints it."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        os._exit(_tell_interrupted())
    sys.__unraisablehook__(unraisable)


def _open_closed_streams() -> None:
    """Lets nothing that is opened later take the number of a standard stream that the shell has closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for all of the run


if __name__ == "__main__":
    run()
