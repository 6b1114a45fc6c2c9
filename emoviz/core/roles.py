"""The roles of those who share a server, and the one table of what each of them may do."""

from collections.abc import Mapping
from enum import StrEnum

from .errors import ConfigError, RoleError


class Role(StrEnum):
    """A role; each may do what those before it may.

    ``look`` sees all pages and analyses uploads of its own, ``work`` adds to what is shared, ``admin`` deletes from it.
    """

    LOOK = "look"
    WORK = "work"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Return whether this role may do what another one may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Action(StrEnum):
    """An action that needs a role, in words that follow "to"."""

    RUN_JOBS = "start, stop and resume jobs"
    READ_FOLDERS = "read recordings and tables in folders of the server"
    IMPORT = "import a corpus"
    KEEP = "keep a recording beyond the visit"
    WRITE_NOTES = "write notes on runs"
    NAME_SELECTIONS = "save and delete selections"
    DELETE_JOBS = "delete jobs"
    DELETE_RECORDINGS = "delete recordings that are kept, and what is known of them"
    FORGET_CORPORA = "forget an imported corpus"


NEEDED: Mapping[Action, Role] = {
    Action.RUN_JOBS: Role.WORK,
    Action.READ_FOLDERS: Role.WORK,
    Action.IMPORT: Role.WORK,
    Action.KEEP: Role.WORK,
    Action.WRITE_NOTES: Role.WORK,
    Action.NAME_SELECTIONS: Role.WORK,
    Action.DELETE_JOBS: Role.ADMIN,
    Action.DELETE_RECORDINGS: Role.ADMIN,
    Action.FORGET_CORPORA: Role.ADMIN,
}
"""The role that each action needs; every role may do anything else."""
ANYBODY = "*"
"""Pattern that fits every address."""


def require(role: Role, action: Action) -> None:
    """Refuse an action to a role that may not do it.

    Raises:
        RoleError: if the role does not include the one that the action needs.
    """
    if not role.includes(NEEDED[action]):
        raise RoleError(
            f"The role '{NEEDED[action]}' is needed to {action}, and yours is '{role}': ask whoever runs this server."
        )


def read_roles(text: str) -> dict[str, Role]:
    """Return roles by patterns of e-mail addresses from a text, e.g. ``*@lab.example=look, anna@lab.example=admin``.

    Raises:
        ConfigError: if a part of the text names no role, or no address.
    """
    found: dict[str, Role] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        pattern, _, role = (word.strip() for word in part.partition("="))
        if role not in set(Role) or not (pattern == ANYBODY or pattern.rpartition("@")[0]):
            raise ConfigError(
                f"EMOVIZ_ROLES holds '{part}', but an entry is an address, '*@' and a domain, or '*', then '=' and one "
                f"of {', '.join(Role)}, as in *@lab.example=look, anna@lab.example=admin."
            )
        found[pattern.lower()] = Role(role)
    return found


def role_of(address: str, roles: Mapping[str, Role]) -> Role | None:
    """Return the role of an e-mail address, or None where it has none.

    Args:
        address: e-mail address; its own role comes before that of its domain, and that before the role of anybody.
        roles: roles by patterns, as :func:`read_roles` returns them.
    """
    name, _, domain = address.lower().rpartition("@")
    if not name or not domain:
        return None
    return roles.get(f"{name}@{domain}") or roles.get(f"*@{domain}") or roles.get(ANYBODY)
