"""People who sign in: reviewers, staff and admins, their sign-in links and their sessions.

Neither links nor sessions are kept as such: only their SHA-256, so that whoever reads the database
can sign in as nobody.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, get_args

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.mailboxes import address
from crawler.store.tables import sessions, sign_ins, users

Rank = Literal["reviewer", "staff", "admin"]
RANKS: tuple[Rank, ...] = get_args(Rank)

LINK_LASTS = timedelta(minutes=15)
LINKS_AT_ONCE = 3
"""How many links one person may have had in `LINK_LASTS`: more would only fill a mailbox."""

SESSION_LASTS = timedelta(days=7)
IDLE = timedelta(hours=12)
_TOUCH = timedelta(minutes=5)
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in; `name` stands beside what they decide and is nobody else's."""

    id: int
    email: str
    name: str
    role: Rank
    created: datetime
    seen_at: datetime | None = None


def add(connection: sa.Connection, *, email: str, name: str, role: str, now: datetime) -> User:
    """Lets somebody in. Raises `UsageError` for a wrong or taken address, name or role."""
    mail, called, rank = address(email), _name(name), _rank(role)
    taken = connection.execute(
        sa.select(users.c.email).where(
            sa.or_(users.c.email == mail, sa.func.lower(users.c.name) == called.lower())
        )
    ).first()
    if taken is not None:
        what = "address" if taken.email == mail else "name"
        raise UsageError(f"somebody with that {what} is there already. See: tenders users list")
    made = users.insert().values(email=mail, name=called, role=rank, created=now)
    (pk,) = connection.execute(made).inserted_primary_key or (0,)
    return User(id=int(pk), email=mail, name=called, role=rank, created=now)


def _name(text: str) -> str:
    name = " ".join("".join(char for char in text if char.isprintable()).split())
    if not name or len(name) > _LONGEST_NAME:
        raise UsageError(f"a name has 1 to {_LONGEST_NAME} characters: write what they are called.")
    return name


def _rank(text: str) -> Rank:
    for rank in RANKS:
        if text == rank:
            return rank
    raise UsageError(f"role {text[:20]!r} is not known. Write one of {', '.join(RANKS)}.")


def everybody(connection: sa.Connection) -> list[User]:
    """All of them, by name."""
    rows = connection.execute(sa.select(users).order_by(sa.func.lower(users.c.name)))
    return [_user(row) for row in rows]


def find(connection: sa.Connection, email: str) -> User | None:
    """Whoever has this address."""
    query = sa.select(users).where(users.c.email == email.strip().lower())
    row = connection.execute(query).one_or_none()
    return _user(row) if row else None


def get(connection: sa.Connection, user_id: int) -> User | None:
    """Whoever has this number."""
    row = connection.execute(sa.select(users).where(users.c.id == user_id)).one_or_none()
    return _user(row) if row else None


def _user(row: Any) -> User:
    return User(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,
        created=row.created,
        seen_at=row.seen_at,
    )


def change_role(connection: sa.Connection, user: User, role: str) -> None:
    """Gives somebody another role. Raises `UsageError` where no admin would be left."""
    rank = _rank(role)
    if rank != "admin":
        _keep_an_admin(connection, user)
    connection.execute(users.update().where(users.c.id == user.id).values(role=rank))


def remove(connection: sa.Connection, user: User) -> None:
    """Lets somebody in no more, at once; what they decided stays, under their name.

    Raises `UsageError` where no admin would be left.
    """
    _keep_an_admin(connection, user)
    connection.execute(users.delete().where(users.c.id == user.id))


def _keep_an_admin(connection: sa.Connection, user: User) -> None:
    others = sa.select(sa.func.count()).where(users.c.role == "admin", users.c.id != user.id)
    if user.role == "admin" and connection.execute(others).scalar_one() == 0:
        anybody = sa.select(sa.func.count()).where(users.c.id != user.id)
        if connection.execute(anybody).scalar_one():
            raise UsageError(
                f"{user.name} is the only admin. Make somebody else one first, so that people can"
                " still be added and removed."
            )


def ask(connection: sa.Connection, user: User | None, browser: str, now: datetime) -> str | None:
    """A new sign-in link's token, bound to `browser`; None if it must not be sent.

    For a stranger just as much is written as for a user, so that neither answer takes longer.
    """
    connection.execute(sign_ins.delete().where(sign_ins.c.asked_at < now - timedelta(days=1)))
    token = secrets.token_urlsafe(32)
    lately = sa.select(sa.func.count()).where(
        sign_ins.c.user_id == (user.id if user else None), sign_ins.c.asked_at > now - LINK_LASTS
    )
    too_many = connection.execute(lately).scalar_one() >= LINKS_AT_ONCE
    connection.execute(
        sign_ins.insert().values(
            digest=_digest(token),
            user_id=user.id if user and not too_many else None,
            browser=_digest(browser),
            asked_at=now,
        )
    )
    return token if user and not too_many else None


Refusal = Literal["unknown", "old", "used", "elsewhere"]


def look_at(connection: sa.Connection, token: str, browser: str, now: datetime) -> User | Refusal:
    """Whom a link would sign in, or why it signs in nobody. Changes nothing."""
    row = connection.execute(
        sa.select(sign_ins).where(sign_ins.c.digest == _digest(token))
    ).one_or_none()
    if row is None or row.user_id is None:
        return "unknown"
    if row.used_at is not None:
        return "used"
    if now - row.asked_at > LINK_LASTS:
        return "old"
    if not hmac.compare_digest(row.browser, _digest(browser)):
        return "elsewhere"
    return get(connection, row.user_id) or "unknown"


def sign_in(
    connection: sa.Connection, token: str, browser: str, now: datetime
) -> tuple[User, str] | Refusal:
    """Uses a link up: the user and their new session's token, or why not."""
    user = look_at(connection, token, browser, now)
    if not isinstance(user, User):
        return user
    used = connection.execute(
        sign_ins.update()
        .where(sign_ins.c.digest == _digest(token), sign_ins.c.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:  # somebody pressed twice
        return "used"
    session = secrets.token_urlsafe(32)
    connection.execute(
        sessions.insert().values(digest=_digest(session), user_id=user.id, began=now, seen_at=now)
    )
    connection.execute(users.update().where(users.c.id == user.id).values(seen_at=now))
    connection.execute(sessions.delete().where(sessions.c.began < now - SESSION_LASTS))
    return user, session


def of_session(connection: sa.Connection, token: str, now: datetime) -> tuple[User, bool] | None:
    """Whose session this is, and whether it wants to be `touch`ed; None once it is over."""
    row = connection.execute(
        sa.select(users, sessions.c.began, sessions.c.seen_at.label("last"))
        .join(sessions, sessions.c.user_id == users.c.id)
        .where(sessions.c.digest == _digest(token))
    ).one_or_none()
    if row is None or now - row.began > SESSION_LASTS or now - row.last > IDLE:
        return None
    return _user(row), now - row.last > _TOUCH


def touch(connection: sa.Connection, token: str, now: datetime) -> None:
    """Notes that a session is in use."""
    connection.execute(
        sessions.update().where(sessions.c.digest == _digest(token)).values(seen_at=now)
    )


def sign_out(connection: sa.Connection, token: str) -> None:
    """Ends a session."""
    connection.execute(sessions.delete().where(sessions.c.digest == _digest(token)))


def _digest(token: str) -> str:
    """Tokens are random and long, so that a plain hash cannot be turned back by guessing."""
    return sha256(token.encode()).hexdigest()
