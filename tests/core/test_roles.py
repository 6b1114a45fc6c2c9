"""What each role may do."""

import pytest

from emoviz.core.errors import ConfigError, RoleError
from emoviz.core.roles import NEEDED, Action, Role, read_roles, require, role_of
from emoviz.core.settings import Settings


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_each_role_may_do_what_its_place_allows(role, action):
    adds = {
        Action.RUN_JOBS,
        Action.READ_FOLDERS,
        Action.IMPORT,
        Action.KEEP,
        Action.WRITE_NOTES,
        Action.NAME_SELECTIONS,
    }
    if role is Role.ADMIN or (role is Role.WORK and action in adds):
        require(role, action)
    else:
        with pytest.raises(RoleError) as refused:
            require(role, action)
        assert str(refused.value) == (
            f"The role '{'work' if action in adds else 'admin'}' is needed to {action}, and yours is '{role}': ask "
            "whoever runs this server."
        )


def test_every_action_needs_a_role():
    assert set(NEEDED) == set(Action)


def test_the_nearest_pattern_gives_the_role():
    roles = read_roles("*=look, *@lab.example=work , Anna@lab.example=admin,")
    assert role_of("anna@LAB.example", roles) is Role.ADMIN
    assert role_of("bob@lab.example", roles) is Role.WORK
    assert role_of("bob@sub.lab.example", roles) is Role.LOOK
    assert role_of("bob@evil.example", read_roles("*@lab.example=work")) is None
    assert role_of("lab.example", roles) is role_of("", roles) is role_of("@lab.example", roles) is None


@pytest.mark.parametrize("text", ["anna@lab.example", "anna@lab.example=king", "lab.example=look", "=look", "@x=look"])
def test_a_role_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="EMOVIZ_ROLES holds .* look, work, admin"):
        Settings.read({"EMOVIZ_ROLES": f"*=look, {text}"})


def test_roles_have_tokens_of_their_own():
    found = Settings.read({"EMOVIZ_TOKEN": "a" * 16, "EMOVIZ_TOKEN_LOOK": "b" * 16})
    assert (found.token, found.role_tokens) == ("a" * 16, ((Role.LOOK, "b" * 16),)) and found.guarded
    with pytest.raises(ConfigError, match="EMOVIZ_TOKEN_WORK is the token of another role"):
        Settings.read({"EMOVIZ_TOKEN": "a" * 16, "EMOVIZ_TOKEN_WORK": "a" * 16})
    with pytest.raises(ConfigError, match="EMOVIZ_TOKEN_LOOK has 5 characters"):
        Settings.read({"EMOVIZ_TOKEN_LOOK": "guess"})
