"""Letters: the bytes of an array of texts, all of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


class Letters:
    """Bytes of texts, none of which is missing: that of row `i` are `bytes[starts[i]:ends[i]]`."""

    def __init__(self, texts: pa.StringArray) -> None:
        offsets: Any
        data: Any
        _, offsets, data = texts.buffers()
        bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        used = (data or pa.py_buffer(b""))[bounds[0] : bounds[-1]]
        # A byte behind the last text, so that the place of an empty one is a place.
        self.bytes = np.frombuffer(used.to_pybytes() + b"\0", np.uint8)
        self.starts: npt.NDArray[np.int32] = bounds[:-1] - bounds[0]
        self.ends: npt.NDArray[np.int32] = bounds[1:] - bounds[0]
        self.lengths: npt.NDArray[np.int32] = self.ends - self.starts
