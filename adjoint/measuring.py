"""Watch a generated program while it runs: what Python and NumPy hold after each of its lines."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from adjoint.schedule.course import Moment

MOST = 5000
"""Moments that are kept; of more, every two become one."""


class Watch:
    """`steps` counts the steps that run without being recorded."""

    def __init__(self) -> None:
        self.steps = 0
        self.moments = np.empty((MOST, 2))  # filled in place: what is watched is not what the watch takes itself
        self.count, self.stride, self.waiting, self.highest = 0, 1, 0, 0
        self.begun, self.before = 0.0, 0

    def step(self) -> None:
        self.steps += 1

    def course(self, run: Callable[[], Any]) -> tuple[Moment, ...]:
        """The most bytes that a call holds at a time, over the seconds of the processor that it takes."""
        tracing, tracer = tracemalloc.is_tracing(), sys.gettrace()
        if not tracing:
            tracemalloc.start()
        try:
            gc.collect()
            self.before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            self.begun = time.process_time()
            sys.settrace(self._enter)
            run()
        finally:
            sys.settrace(tracer)
            self._note()
            if not tracing:
                tracemalloc.stop()
        return tuple(Moment(float(moment), int(held)) for moment, held in self.moments[: self.count])

    def _enter(self, frame: FrameType, event: str, value: Any) -> Any:
        return self._line if frame.f_code.co_filename.startswith("<adjoint ") else None

    def _line(self, frame: FrameType, event: str, value: Any) -> Any:
        self._look()
        return self._line

    def _look(self) -> None:
        """One line has been run."""
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        self.highest = max(self.highest, peak - self.before)
        self.waiting += 1
        if self.waiting >= self.stride:
            self._note()

    def _note(self) -> None:
        self.moments[self.count] = time.process_time() - self.begun, self.highest
        self.count += 1
        self.waiting = self.highest = 0
        if self.count == MOST:
            np.maximum(self.moments[::2], self.moments[1::2], out=self.moments[: MOST // 2])
            self.count, self.stride = MOST // 2, 2 * self.stride
