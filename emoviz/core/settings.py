"""Settings of folders, limits and access, read once by ``cli`` and ``ui`` and passed on as arguments."""

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import places
from .errors import ConfigError
from .roles import Role, read_roles

UPLOADS_MB = 10_000
"""Megabytes that the uploads of all visitors may take."""

KEPT_MB = 4000
"""Megabytes that are kept of recordings; an hour of one face takes about 500."""

TOKENS = {Role.ADMIN: "EMOVIZ_TOKEN", Role.WORK: "EMOVIZ_TOKEN_WORK", Role.LOOK: "EMOVIZ_TOKEN_LOOK"}
"""Role -> the environment variable of its token."""
SHORTEST_TOKEN = 16
"""Smallest number of characters of a token."""


def _results(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Return the folder of the results that come with emoviz, and the one in which new ones are written."""
    own = ({} if environment is None else environment).get("EMOVIZ_RESULTS")
    return _each_once(places.bundled(environment) / "results", Path(own) if own else places.home() / "results")


def _half_the_cores() -> int:
    return max(1, (os.cpu_count() or 1) // 2)


@dataclass(frozen=True)
class Settings:
    """Settings of one run of the app or the command line.

    Attributes:
        data: folder with the corpora in their published layouts (``EMOVIZ_DATA``), or None.
        store: folder for extracted features (``EMOVIZ_STORE``).
        checkpoints: folders that are searched for trained models: the bundled ones and
            ``EMOVIZ_CHECKPOINTS``, where training saves.
        runs: folder of training runs (``EMOVIZ_RUNS``).
        slots: devices of this machine that run one job each at a time (``EMOVIZ_SLOTS``, e.g. ``cpu,cuda:0``); none
            means the CPU and every GPU.
        upload_limit_mb: largest clip that is accepted, in MB (``EMOVIZ_UPLOAD_LIMIT_MB``).
        address: address that the server binds to (``EMOVIZ_ADDRESS``).
        hosts: names under which browsers reach the server, beside those of the machine (``EMOVIZ_HOSTS``, e.g.
            ``emotions.lab.example,lab``).
        token: token that browsers must show once (``EMOVIZ_TOKEN``), or ""; who shows it may do everything.
        role_tokens: tokens of the roles that may do less (``EMOVIZ_TOKEN_WORK``, ``EMOVIZ_TOKEN_LOOK``).
        login: file with the ``[auth]`` of an OpenID Connect provider (``EMOVIZ_LOGIN``), or None.
        roles: roles by patterns of e-mail addresses, of those who log in (``EMOVIZ_ROLES``, e.g.
            ``*@lab.example=look, anna@lab.example=admin``).
        no_login: whether everybody who reaches the server may use it (``EMOVIZ_NO_LOGIN=1``).
        results: folders with the reports of protocols: the bundled ones and ``EMOVIZ_RESULTS``, where new ones are
            written.
        kept_mb: megabytes of faces, features and predictions that are kept of people's own clips for another visit
            (``EMOVIZ_KEPT_MB``); for 0, as by default where others reach the app, nothing is kept of a recording when
            the visit ends.
        folders: folders of this machine whose recordings pages may read without an upload (``EMOVIZ_FOLDERS``, parted
            as in ``PATH``); none means that they read none.
        analyses: analyses of clips that run at once, of all visitors (``EMOVIZ_ANALYSES``); others wait in line.
        uploads_mb: megabytes that the uploads of all visitors, with what is made of them, may take together
            (``EMOVIZ_UPLOADS_MB``).
    """

    data: Path | None
    store: Path
    checkpoints: tuple[Path, ...]
    runs: Path
    upload_limit_mb: int = 500
    address: str = "localhost"
    slots: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    token: str = ""
    role_tokens: tuple[tuple[Role, str], ...] = ()
    login: Path | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    no_login: bool = False
    results: tuple[Path, ...] = field(default_factory=_results)
    kept_mb: int = KEPT_MB
    folders: tuple[Path, ...] = ()
    analyses: int = field(default_factory=_half_the_cores)
    uploads_mb: int = UPLOADS_MB

    @property
    def shared(self) -> bool:
        """Whether others than this machine's user may reach the app."""
        return not is_local(self.address) or self.guarded or self.no_login

    @property
    def guarded(self) -> bool:
        """Whether a browser has to show a token or its user to log in, so that visitors have roles."""
        return bool(self.token or self.role_tokens or self.login)

    @property
    def readable(self) -> tuple[Path, ...] | None:
        """The folders from which pages may read files that a visitor names; None means anywhere on this machine.

        None holds while this machine's user alone can reach the app. Once others can, or folders are named, they are
        the named folders, the corpora and the store.
        """
        if not (self.shared or self.folders):
            return None
        return _each_once(*self.folders, *([self.data] if self.data else []), self.store)

    @property
    def imports(self) -> Path:
        """The folder of imported corpora, beside the features of all corpora."""
        return imports_of(self.store)

    def stated(self) -> dict[str, str]:
        """Return the environment variables that give the same settings elsewhere, without this machine's own folders.

        Tokens, and who may log in, are left out: secrets and addresses do not belong in a file that people pass on.
        """
        stated = {
            "EMOVIZ_DATA": str(self.data or ""),
            "EMOVIZ_FOLDERS": os.pathsep.join(map(str, self.folders)),
            "EMOVIZ_SLOTS": ",".join(self.slots),
            "EMOVIZ_HOSTS": ",".join(self.hosts),
            "EMOVIZ_ADDRESS": self.address,
            "EMOVIZ_UPLOAD_LIMIT_MB": str(self.upload_limit_mb),
            "EMOVIZ_UPLOADS_MB": str(self.uploads_mb),
            "EMOVIZ_KEPT_MB": str(self.kept_mb),
            "EMOVIZ_ANALYSES": str(self.analyses),
        }
        return {name: value for name, value in stated.items() if value}

    @staticmethod
    def problems(environment: Mapping[str, str] | None = None) -> list[str]:
        """Return a sentence for each environment variable for which :meth:`read` raises an error.

        Each sentence begins with the name of the variable.
        """
        return [str(error) for error in _checked(os.environ if environment is None else environment)[1]]

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None, tolerant: bool = False) -> "Settings":
        """Return the settings of environment variables, by default this process's.

        A folder that is not set lies in the project folder, or for an installed emoviz in the user's data folder.

        Args:
            environment: environment variables by name.
            tolerant: whether a wrong value is replaced by the default (:meth:`problems` lists them).

        Raises:
            ConfigError: if a limit, the size of what is kept or the number of analyses is not a valid number, a token
                is too short or belongs to two roles, or a role is unknown.
        """
        environment = os.environ if environment is None else environment
        checked, problems = _checked(environment)
        if problems and not tolerant:
            raise problems[0]
        data, login = environment.get("EMOVIZ_DATA"), environment.get("EMOVIZ_LOGIN")
        home = places.home()
        own = environment.get("EMOVIZ_CHECKPOINTS")
        found = cls(
            data=Path(data).resolve() if data else None,
            store=Path(environment.get("EMOVIZ_STORE", home / "store")),
            checkpoints=_each_once(
                places.bundled(environment) / "checkpoints", Path(own) if own else home / "checkpoints"
            ),
            runs=Path(environment.get("EMOVIZ_RUNS", home / "runs")),
            address=environment.get("EMOVIZ_ADDRESS", "localhost"),
            slots=_each(environment.get("EMOVIZ_SLOTS", "")),
            hosts=_each(environment.get("EMOVIZ_HOSTS", "")),
            login=Path(login).resolve() if login else None,
            no_login=environment.get("EMOVIZ_NO_LOGIN", "") not in ("", "0"),
            results=_results(environment),
            folders=_each_once(
                *(Path(one).resolve() for one in environment.get("EMOVIZ_FOLDERS", "").split(os.pathsep) if one)
            ),
            **checked,
        )
        return replace(found, kept_mb=0) if found.shared and "EMOVIZ_KEPT_MB" not in environment else found


def is_local(address: str | None) -> bool:
    """Return whether a server that binds to an address is reached from this machine alone; None means every address."""
    if not address:
        return False
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _checked(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[ConfigError]]:
    """The settings that may be wrong, by the name of the field, and an error for each that is; these have no field."""
    read: dict[str, Callable[[], Any]] = {
        "upload_limit_mb": lambda: _positive(environment, "EMOVIZ_UPLOAD_LIMIT_MB", 500, "megabytes"),
        "uploads_mb": lambda: _positive(environment, "EMOVIZ_UPLOADS_MB", UPLOADS_MB, "megabytes"),
        "analyses": lambda: _positive(environment, "EMOVIZ_ANALYSES", _half_the_cores(), "analyses at once"),
        "kept_mb": lambda: _kept_mb(environment),
        "token": lambda: _token(environment, TOKENS[Role.ADMIN]),
        "role_tokens": lambda: _role_tokens(environment),
        "roles": lambda: read_roles(environment.get("EMOVIZ_ROLES", "")),
    }
    found, problems = {}, []
    for field_name, value in read.items():
        try:
            found[field_name] = value()
        except ConfigError as error:
            problems.append(error)
    return found, problems


def _token(environment: Mapping[str, str], name: str) -> str:
    """The token in a variable, "" for none.

    Raises:
        ConfigError: if it could be guessed.
    """
    token = environment.get(name, "")
    if 0 < len(token) < SHORTEST_TOKEN:
        raise ConfigError(
            f"{name} has {len(token)} characters, and a token of under {SHORTEST_TOKEN} could be guessed."
        )
    return token


def _role_tokens(environment: Mapping[str, str]) -> tuple[tuple[Role, str], ...]:
    """The tokens of the roles that may do less than everything.

    Raises:
        ConfigError: if one could be guessed, or is that of two roles.
    """
    known, found = {environment.get(TOKENS[Role.ADMIN], "")}, []
    for role in (Role.WORK, Role.LOOK):
        if token := _token(environment, TOKENS[role]):
            if token in known:
                raise ConfigError(
                    f"{TOKENS[role]} is the token of another role, too: each role has a token of its own."
                )
            known.add(token)
            found.append((role, token))
    return tuple(found)


def _kept_mb(environment: Mapping[str, str]) -> int:
    """The megabytes that are kept of recordings.

    Raises:
        ConfigError: if they are no whole number.
    """
    kept = environment.get("EMOVIZ_KEPT_MB", str(KEPT_MB))
    if not _is_whole(kept):
        raise ConfigError(f"EMOVIZ_KEPT_MB is a whole number of megabytes, 0 to keep nothing, not '{kept}'.")
    return int(kept)


def _positive(environment: Mapping[str, str], name: str, default: int, what: str) -> int:
    """The positive whole number that a setting states.

    Raises:
        ConfigError: if it states none.
    """
    text = environment.get(name, str(default))
    if not _is_whole(text) or int(text) < 1:
        raise ConfigError(f"{name} is a positive whole number of {what}, not '{text}'.")
    return int(text)


def _is_whole(text: str) -> bool:
    """Return whether a text is a whole number in plain digits."""
    return text.isascii() and text.isdigit()


def _each(text: str) -> tuple[str, ...]:
    """The parts of a text between commas, without those that are empty."""
    return tuple(filter(None, map(str.strip, text.split(","))))


def _each_once(*folders: Path) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(folders))


def imports_of(store: Path) -> Path:
    """Return the folder of imported corpora in a store, beside the features of all corpora."""
    return store / "imported"
