"""Runs the fuzzer from the command line."""

import subprocess
import sys

from tests.native.fuzz import NoSanitizerError, fuzz

AN_HOUR = 3_600

if __name__ == "__main__":
    try:
        fuzz(int(sys.argv[1]) if len(sys.argv) > 1 else AN_HOUR)
    except NoSanitizerError as error:
        sys.exit(f"no compiler here has AddressSanitizer: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"the input that did it lies beside {error.cmd[0]}")
