"""My account, what programs sign in with: access keys, docker logins, personal tokens.

A secret is on the page that answers the form, and nowhere else: in no address, no cookie, no history.
"""

import csv
import io
import re
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from entrepot.access.levels import Level
from entrepot.accounts import access_keys, docker_logins, personal_tokens, rules
from entrepot.accounts.personal_tokens import parse_bound
from entrepot.accounts.profile import show_profile
from entrepot.accounts.rules import Right
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.values.errors import NameInvalid, ParameterInvalid
from entrepot.values.names import TokenName

KEYS: Final = "/console/account/keys"
TOKENS: Final = "/console/account/tokens"
_FILE_NAME: Final = "credentials.csv"
_COLUMNS: Final = ("User Name", "Access Key Id", "Secret Access Key")
_KEY: Final = re.compile(r"[A-Z2-7]{20}", re.ASCII)
_SECRET: Final = re.compile(r"[A-Z2-7]{40}", re.ASCII)
_HOURS: Final = (1, 6, 12, 24)
_ALL_OF_IT: Final = "7"
_EMPTY_ROWS: Final = 3
_DAYS: Final = (7, 30, 90, 365, 0)  # 0: no end


async def list_keys(visit: Visit) -> View:
    """The visitor's access keys, and the form for one more."""
    return await _keys(visit)


async def create_key(visit: Visit) -> View:
    """A new key, with its secret this once."""
    accounts = visit.rooms.accounts
    made = await access_keys.create_key(accounts, visit.actor, visit.form.text("description"))
    return await _keys(visit, made)


async def download_credentials(visit: Visit) -> Response:
    """The key and the secret that the page before held, as the file that keys come in. Nothing is looked up."""
    visit.need_account()
    key, secret = visit.form.text("key"), visit.form.secret("secret")
    if not _KEY.fullmatch(key) or not _SECRET.fullmatch(secret):
        raise ParameterInvalid("This is not an access key with its secret.")
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [_COLUMNS, (visit.actor.name, key, secret)]
    )
    disposition = {"Content-Disposition": f'attachment; filename="{_FILE_NAME}"'}
    return Response(text.getvalue(), headers=disposition, media_type="text/csv")


async def enable_key(visit: Visit) -> Moved:
    """Let a key work again."""
    await access_keys.change_key(visit.rooms.accounts, visit.actor, visit.names["key"], is_enabled=True)
    return Moved(KEYS, visit.say("The key works again."))


async def disable_key(visit: Visit) -> Moved:
    """Let a key rest; it can be enabled again."""
    await access_keys.change_key(visit.rooms.accounts, visit.actor, visit.names["key"], is_enabled=False)
    return Moved(KEYS, visit.say("The key no longer works, until it is enabled again."))


async def confirm_key_deletion(visit: Visit) -> View:
    """What deleting a key means, before it is done."""
    found = await access_keys.show_key(visit.rooms.accounts, visit.actor, visit.names["key"])
    return View("account/delete_key.html", {"key": found})


async def delete_key(visit: Visit) -> Moved:
    """Delete it."""
    await access_keys.delete_key(visit.rooms.accounts, visit.actor, visit.names["key"])
    return Moved(KEYS, visit.say("The key was deleted."))


async def show_logins(visit: Visit) -> View:
    """How docker signs in: by name, for a time, and for as long as a key lives."""
    return await _logins(visit)


async def create_login(visit: Visit) -> View:
    """A docker login for a time, shown this once."""
    hours = visit.form.number("hours")
    if hours not in _HOURS:
        raise visit.wrong(visit.say("Choose one of the times."), field="hours")
    made = await docker_logins.create_login(visit.rooms.accounts, visit.actor, seconds=hours * 3_600)
    return await _logins(visit, made)


async def list_tokens(visit: Visit) -> View:
    """The visitor's personal tokens, and the form for one more."""
    return await _tokens(visit)


async def create_token(visit: Visit) -> View:
    """A new token, with its secret this once."""
    accounts, form = visit.rooms.accounts, visit.form
    name = TokenName.parse(form.text("name"))
    days = form.number("days")
    if days not in _DAYS:
        raise visit.wrong(visit.say("Choose one of the times."), field="days")
    ends_at = accounts.clock.now() + timedelta(days=days) if days else None
    made = await personal_tokens.create_token(accounts, visit.actor, name, _bounds(visit), ends_at)
    return await _tokens(visit, made)


async def confirm_token_deletion(visit: Visit) -> View:
    """What deleting a token means, before it is done."""
    visit.need_account()
    return View("account/delete_token.html", {"name": TokenName.parse(visit.names["token"])})


async def delete_token(visit: Visit) -> Moved:
    """Delete it."""
    name = TokenName.parse(visit.names["token"])
    await personal_tokens.delete_token(visit.rooms.accounts, visit.actor, name)
    return Moved(TOKENS, visit.say("The token %(name)s was deleted.", name=name))


async def _keys(visit: Visit, made: access_keys.NewKey | None = None) -> View:
    accounts = visit.rooms.accounts
    found = await access_keys.list_keys(accounts, visit.actor)
    login = "" if made is None else _key_login(visit, made.key.id, made.secret)
    values = {"keys": found, "keys_max": accounts.settings.keys_max, "made": made, "login": login}
    return View("account/keys.html", values)


def _key_login(visit: Visit, key_id: str, secret: str) -> str:
    password = docker_logins.key_password(key_id, secret.encode())
    return f"docker login -u {visit.rooms.accounts.settings.region}@{key_id} -p {password} {visit.host}"


async def _logins(visit: Visit, made: docker_logins.DockerLogin | None = None) -> View:
    accounts = visit.rooms.accounts
    values = {
        "profile": await show_profile(accounts, visit.actor),
        "keys": [one for one in await access_keys.list_keys(accounts, visit.actor) if one.is_enabled],
        "region": accounts.settings.region,
        "made": made,
        "login": made and f"docker login -u {made.user} -p {made.password} {visit.host}",
    }
    return View("account/logins.html", values)


async def _tokens(visit: Visit, made: personal_tokens.WithSecret | None = None) -> View:
    accounts = visit.rooms.accounts
    found = await personal_tokens.list_tokens(accounts, visit.actor, "", rules.TOKENS_MAX)
    profile = await show_profile(accounts, visit.actor)
    rows = [*_rows(visit), *[("", _ALL_OF_IT)] * _EMPTY_ROWS]
    return View("account/tokens.html", {"tokens": found, "made": made, "login_name": profile.login, "rows": rows})


def _bounds(visit: Visit) -> list[Right] | None:
    """What the form leaves of the visitor's rights: None for all of them. Raises ParameterInvalid, at its field."""
    # What was said of levels and was not understood must not become a token for everything.
    if not 0 < len(visit.form.many("scope")) == len(visit.form.many("level")):
        raise ParameterInvalid("Each scope comes with its level.", field="scope")
    rows = _rows(visit)
    if any(not scope for scope, _ in rows):
        raise visit.wrong(visit.say("Say what this level is for; * is all that you reach."), field="scope")
    try:
        bounds = [parse_bound(scope, _level(text)) for scope, text in rows]
        if bounds:
            rules.check_rights(bounds)
    except (NameInvalid, ParameterInvalid) as error:
        raise ParameterInvalid(error.message, kind="scope", field="scope") from error
    return bounds or None


def _rows(visit: Visit) -> list[tuple[str, str]]:
    """The rows in which something was said."""
    scopes = [one.strip() for one in visit.form.many("scope")]
    typed = zip(scopes, visit.form.many("level"), strict=False)
    return [(scope, level) for scope, level in typed if scope or level != _ALL_OF_IT]


def _level(text: str) -> Level:
    return Level.parse(int(text) if text in ("1", "3", "7") else 0)
