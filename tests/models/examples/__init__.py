"""Example configs of every registered model, one file per model file; ``test_registry.py`` runs them all.

A file defines ``EXAMPLES`` (registry name -> small configs without ``outputs``) and may define ``WITHOUT_TIME``,
the names among them that look at single pictures.
"""

import importlib
import pkgutil
from typing import Any

EXAMPLES: dict[str, tuple[dict[str, Any], ...]] = {}
WITHOUT_TIME: set[str] = set()
for _file in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_file.name}")
    EXAMPLES |= _module.EXAMPLES
    WITHOUT_TIME |= getattr(_module, "WITHOUT_TIME", set())
