"""The containers of `collections`, in Python.

The frontend reads these as it reads a user's classes; a program that makes a `deque` makes one of these.
"""

from __future__ import annotations

import collections
from typing import Any


class deque:  # noqa: N801  # named as Python names it, which messages show
    def __init__(self, items: Any = (), maxlen: Any = None) -> None:
        self.items = list(items)
        self.maxlen = maxlen
        if maxlen is not None and len(self.items) > maxlen:
            self.items = self.items[len(self.items) - maxlen :]

    def append(self, value: Any) -> None:
        self.items.append(value)
        if self.maxlen is not None and len(self.items) > self.maxlen:
            del self.items[0]

    def appendleft(self, value: Any) -> None:
        self.items.insert(0, value)
        if self.maxlen is not None and len(self.items) > self.maxlen:
            self.items.pop()

    def extend(self, values: Any) -> None:
        for value in list(values):
            self.append(value)

    def extendleft(self, values: Any) -> None:
        for value in list(values):
            self.appendleft(value)

    def pop(self) -> Any:
        return self.items.pop()

    def popleft(self) -> Any:
        return self.items.pop(0)

    def clear(self) -> None:
        self.items = []

    def reverse(self) -> None:
        self.items.reverse()

    def rotate(self, n: Any = 1) -> None:
        if len(self.items) > 0:
            at = (len(self.items) - n) % len(self.items)
            self.items = self.items[at:] + self.items[:at]

    def copy(self) -> Any:
        return deque(self.items, self.maxlen)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.items[index] = value

    def __iter__(self) -> Any:
        return self.items

    def __contains__(self, value: Any) -> bool:
        return value in self.items

    def __reversed__(self) -> Any:
        return reversed(self.items)


class _Mapping:
    entries: Any

    def keys(self) -> Any:
        return self.entries.keys()

    def values(self) -> Any:
        return self.entries.values()

    def items(self) -> Any:
        return self.entries.items()

    def get(self, key: Any, default: Any = None) -> Any:
        return self.entries.get(key, default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        return self.entries.setdefault(key, default)

    def clear(self) -> None:
        self.entries.clear()

    def __len__(self) -> int:
        return len(self.entries)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.entries[key] = value

    def __delitem__(self, key: Any) -> None:
        del self.entries[key]

    def __contains__(self, key: Any) -> bool:
        return key in self.entries

    def __iter__(self) -> Any:
        return self.entries.keys()


class defaultdict(_Mapping):  # noqa: N801
    def __init__(self, default_factory: Any = None, /, *given: Any, **more: Any) -> None:
        self.default_factory = default_factory
        self.entries = dict(*given, **more)

    def __getitem__(self, key: Any) -> Any:
        if key not in self.entries:
            if self.default_factory is None:
                raise KeyError(key)
            self.entries[key] = self.default_factory()
        return self.entries[key]

    def pop(self, key: Any, *default: Any) -> Any:
        return self.entries.pop(key, *default)

    def update(self, *given: Any, **more: Any) -> None:
        self.entries.update(*given, **more)


class Counter(_Mapping):
    def __init__(self, items: Any = (), /, **more: Any) -> None:
        self.entries = {}
        self.update(items, **more)

    def __getitem__(self, key: Any) -> Any:
        return self.entries.get(key, 0)

    def update(self, items: Any = (), /, **more: Any) -> None:
        if isinstance(items, dict):
            for key, count in items.items():
                self.entries[key] = self.entries.get(key, 0) + count
        else:
            for key in items:
                self.entries[key] = self.entries.get(key, 0) + 1
        for key, count in more.items():
            self.entries[key] = self.entries.get(key, 0) + count

    def total(self) -> Any:
        return sum(self.entries.values())


class iterator:  # noqa: N801
    """What `iter` gives: items, and how many of them were taken."""

    def __init__(self, items: Any) -> None:
        self.items = items
        self.place = 0

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if self.place >= len(self.items):
            raise StopIteration
        self.place += 1
        return self.items[self.place - 1]

    def next_or(self, default: Any) -> Any:
        if self.place >= len(self.items):
            return default
        self.place += 1
        return self.items[self.place - 1]


CLASSES: dict[Any, type] = {
    collections.deque: deque, collections.defaultdict: defaultdict, collections.Counter: Counter,
    collections.OrderedDict: dict,
}  # fmt: skip
"""What is made in place of a class."""


def class_for(fun: Any) -> Any:
    """The class that is made in place of a callable, or the callable itself."""
    return CLASSES.get(fun, fun) if isinstance(fun, type) else fun
