"""The groups of calls that one for all may not do for."""

import msgspec
import numpy as np
from numpy.typing import NDArray


class Doubted(msgspec.Struct, frozen=True, eq=False):
    """The groups to look at; one entry each but for ``of_place``."""

    of_place: NDArray[np.int32]
    """Per place its group, negative for none."""
    first: NDArray[np.int32]
    calls: NDArray[np.int64]
    values: NDArray[np.int64]
    is_write: NDArray[np.bool_]
    is_range: NDArray[np.bool_]
