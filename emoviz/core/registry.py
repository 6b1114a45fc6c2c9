"""Explicit registries: a decorator adds an entry, a duplicate raises, and an unknown name lists the known ones."""

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from .errors import UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """Named entries of one kind, e.g. models or extractors.

    Args:
        kind: name of the entries, for messages.
        home: the package whose modules register the entries, e.g. ``emoviz.models``: a new file there is a new entry.
            They are imported when the registry is first read; by default entries register themselves.
    """

    def __init__(self, kind: str, home: str = "") -> None:
        self.kind = kind
        self._home = home
        self._lock = threading.RLock()
        self._entries: dict[str, T] = {}

    def _known(self) -> dict[str, T]:
        """All entries, those in the modules of the home included."""
        with self._lock:
            if self._home:
                home, self._home = self._home, ""  # a module that reads the registry meanwhile sees what is there
                try:
                    package = importlib.import_module(home)
                    for module in pkgutil.iter_modules(package.__path__):
                        importlib.import_module(f"{home}.{module.name}")
                except BaseException:
                    self._home = home
                    raise
            return self._entries

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that adds an entry under a name.

        Raises:
            ValueError: if the name is taken.
        """

        def add(entry: T) -> T:
            if name in self._entries:
                raise ValueError(f"The {self.kind} '{name}' is registered twice.")
            self._entries[name] = entry
            return entry

        return add

    def name_of(self, entry: T) -> str:
        """Return the name under which an entry is registered.

        Raises:
            UnknownNameError: if the entry is not registered.
        """
        for name, known in self._entries.items():  # an entry that exists has been registered by its own module
            if known is entry:
                return name
        raise UnknownNameError(self.kind, getattr(entry, "__name__", str(entry)), self._known())

    def __getitem__(self, name: str) -> T:
        if name in self._entries:  # what is registered already is found without importing the home
            return self._entries[name]
        if name not in self._known():
            raise UnknownNameError(self.kind, name, self._known())
        return self._known()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._known()))

    def __contains__(self, name: object) -> bool:
        return name in self._known()

    def __len__(self) -> int:
        return len(self._known())
