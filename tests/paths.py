"""Where things are that tests read."""

from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent
ROOT: Final = TESTS.parent
EXAMPLES: Final = ROOT / "examples"
LOGS: Final = TESTS / "logs"
"""Real logs, whole."""
INPUTS: Final = EXAMPLES / "logs"
"""What other tools wrote, beside logs of our own."""
TRUTH: Final = TESTS / "truth"
"""What truly happened in the programs that wrote the logs."""
