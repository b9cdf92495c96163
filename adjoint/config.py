"""What the environment can ask for. The only reader of `os.environ`."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`verify`: check the IR after every pass (ADJOINT_VERIFY=1). A debug option never changes a program."""

    verify: bool


def options() -> Options:
    return Options(verify=os.environ.get("ADJOINT_VERIFY") == "1")
