"""Users of the domain: made, changed, shut out and let in, deleted."""

from collections.abc import Sequence

from entrepot.accounts import sessions, users
from entrepot.accounts.holdings import Holdings, show_holdings
from entrepot.accounts.rules import KEEP
from entrepot.audit.look import Told, list_events
from entrepot.audit.wanted import Wanted
from entrepot.db.walking import marker_of
from entrepot.doors.console.admin.parts import BY_END, ROWS, asked, page_of, sorting
from entrepot.doors.console.forms import last_day
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.values.names import UserName

HOME = "/console/admin/users"
_EVENTS = 8


async def list_people(visit: Visit) -> View:
    """Users, in the order that is asked for."""
    part = visit.query("q")
    key, order, descending = sorting(visit, BY_END)
    found = await users.list_users(
        visit.rooms.accounts, visit.actor, visit.query("after"), ROWS + 1, part, order, descending
    )
    rows, following = page_of(found, lambda one: marker_of(order, one))
    values = {"users": rows, "following": following, "part": part}
    return View("admin/users/list.html", {**values, "order": key, "descending": descending})


async def new_person(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_admin()
    return View("admin/users/new.html")


async def create_person(visit: Visit) -> Moved:
    """A new user, who may do nothing yet."""
    form = visit.form
    name = UserName.parse(form.text("name"))
    end = form.end_of_day("expires")
    await users.create_user(
        visit.rooms.accounts, visit.actor, name, form.secret("password"), form.flag("admin"), expires_at=end
    )
    return Moved(_at(name), visit.say("%(name)s may sign in now.", name=name))


async def show_person(visit: Visit) -> View:
    """One user: what they hold, where they are signed in, what they did last."""
    accounts, name = visit.rooms.accounts, _name(visit)
    values = {
        "user": await users.show_user(accounts, visit.actor, name),
        "held": await show_holdings(accounts, visit.actor, name),
        "sessions": await sessions.list_sessions(accounts, visit.actor, name),
        "events": await _last_events(visit, name),
    }
    return View("admin/users/show.html", values)


async def person_settings(visit: Visit) -> View:
    """What can be changed of a user."""
    found = await users.show_user(visit.rooms.accounts, visit.actor, _name(visit))
    held = await show_holdings(visit.rooms.accounts, visit.actor, found_name := UserName(found.name))
    values = {
        "user": found,
        "held": held,
        "last_day": last_day(found.expires_at),
        "is_me": found_name == visit.actor.name,
    }
    return View("admin/users/settings.html", values)


async def change_person(visit: Visit) -> Moved:
    """Their name, their end, whether they administer the domain."""
    accounts, form, name = visit.rooms.accounts, visit.form, _name(visit)
    found = await users.show_user(accounts, visit.actor, name)
    new_name = UserName.parse(form.text("name"))
    end = KEEP if form.text("expires") == last_day(found.expires_at) else form.end_of_day("expires")
    is_admin = found.is_admin if name == visit.actor.name else form.flag("admin")
    await users.update_user(accounts, visit.actor, name, new_name, is_admin, end)
    return Moved(f"{_at(new_name)}/-/settings", visit.say("Saved."))


async def give_password(visit: Visit) -> Moved:
    """A new password; what was begun with the old one ends."""
    name = _name(visit)
    await users.set_password(visit.rooms.accounts, visit.actor, name, visit.form.secret("password"))
    return Moved(f"{_at(name)}/-/settings", visit.say("%(name)s has a new password.", name=name))


async def unlock_person(visit: Visit) -> Moved:
    """End their wait after wrong passwords."""
    name = _name(visit)
    await users.unlock_user(visit.rooms.accounts, visit.actor, name)
    return Moved(_at(name), visit.say("%(name)s need not wait any more.", name=name))


async def enable_person(visit: Visit) -> Moved:
    """Let them in again."""
    name = _name(visit)
    await users.set_enabled(visit.rooms.accounts, visit.actor, name, is_enabled=True)
    return Moved(_at(name), visit.say("%(name)s may sign in now.", name=name))


async def confirm_disabling(visit: Visit) -> View:
    """What shutting out means."""
    name = _name(visit)
    held = await show_holdings(visit.rooms.accounts, visit.actor, name)
    says = [
        visit.say(
            "Passwords, tokens, keys and sessions stop working at once. Permissions stay, for when they come back."
        ),
        *_robots_stop(visit, held),
    ]
    title = visit.say("Shut out %(name)s", name=name)
    robots = [(visit.say("Robots that stop"), held.robots)]
    return asked(title, says, f"{_at(name)}/-/disable", visit.say("Shut out"), _at(name), robots)


async def disable_person(visit: Visit) -> Moved:
    """Shut them out at once."""
    name = _name(visit)
    await users.set_enabled(visit.rooms.accounts, visit.actor, name, is_enabled=False)
    return Moved(_at(name), visit.say("%(name)s is shut out.", name=name))


async def confirm_deleting_person(visit: Visit) -> View:
    """What ends with them."""
    name, say = _name(visit), visit.language
    held = await show_holdings(visit.rooms.accounts, visit.actor, name)
    says = [visit.say("The account ends at once and cannot be brought back. What they pushed stays.")]
    counts = [
        say.say_number("%(num)s permission", "%(num)s permissions", len(held.grants)) if held.grants else "",
        say.say_number("%(num)s access key", "%(num)s access keys", held.keys) if held.keys else "",
        say.say_number("%(num)s personal token", "%(num)s personal tokens", held.tokens) if held.tokens else "",
        say.say_number("%(num)s session", "%(num)s sessions", held.sessions) if held.sessions else "",
    ]
    names = [
        (visit.say("What ends with them"), [one for one in counts if one]),
        (visit.say("Groups they leave"), held.groups),
        (visit.say("Robots that stop, until a manager lets them work again"), held.robots),
        (
            visit.say("Identities that lose their account"),
            [f"{one.provider}: {one.subject}" for one in held.identities],
        ),
    ]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/delete", visit.say("Delete"), _at(name), names)


async def delete_person(visit: Visit) -> Moved:
    """Remove them with all they hold."""
    name = _name(visit)
    await users.delete_user(visit.rooms.accounts, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


async def end_persons_sessions(visit: Visit) -> Moved:
    """End one session of theirs, or all when none is named."""
    name, session = _name(visit), visit.form.text("session")
    if session:
        await sessions.end_session(visit.rooms.accounts, visit.actor, session)
    else:
        await sessions.end_sessions(visit.rooms.accounts, visit.actor, name)
    return Moved(_at(name), visit.say("Signed out."))


async def _last_events(visit: Visit, name: UserName) -> Sequence[Told]:
    page = await list_events(visit.rooms.audit, visit.actor, Wanted(actor=name), limit=_EVENTS)
    return page.items


def _robots_stop(visit: Visit, held: Holdings) -> list[str]:
    return [visit.say("Robots they own stop working meanwhile.")] if held.robots else []


def _name(visit: Visit) -> UserName:
    return UserName.parse(visit.names["user"])


def _at(name: str) -> str:
    return f"{HOME}/{name}"
