"""What this machine says of users."""

import pwd
from typing import Union


def uid_of(user: Union[int, str]) -> int:
    """A user's uid, by that or by name."""
    if isinstance(user, int):
        return user
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise ValueError(f"there is no user {user} on this machine") from None
