"""Mirrors, for operators: organizations whose images come from another registry."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from entrepot.doors.console.admin.mirror_care import care_of
from entrepot.doors.console.admin.parts import ROWS, asked, at_its_field
from entrepot.doors.console.forms import Form
from entrepot.doors.console.mirroring import ways_of
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror import upstreams
from entrepot.mirror.freshness import Policy, Prefetch
from entrepot.mirror.origins import list_configs
from entrepot.mirror.upstream_rules import host_of
from entrepot.mirror.upstreams import Change, Upstream
from entrepot.plumbing.units import BYTES, parse_bytes
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import OrganizationName
from entrepot.values.words import one_of

HOME: Final = "/console/admin/mirrors"


async def list_mirrors(visit: Visit) -> View:
    """Mirrors by name."""
    visit.need_operator()
    page = await upstreams.list_mirrors(visit.rooms.mirror, visit.actor, visit.query("after"), ROWS)
    return View("admin/mirrors/list.html", {"mirrors": page.items, "following": page.after or ""})


async def new_mirror(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_operator()
    return View("admin/mirrors/new.html", {"policy": Policy(), "host": "", "limit": "0"})


async def create_mirror(visit: Visit) -> Moved:
    """Mirror a registry in an organization that is made for it."""
    form, name = visit.form, OrganizationName.parse(visit.form.text("name"))
    with at_its_field():
        upstream = Upstream(
            _endpoints(form),
            form.text("username"),
            form.secret("password"),
            form.text("authority"),
            form.text("proxy"),
            Policy(**_policy(form)),
            form.text("host"),
            form.flag("transparent"),
        )
        made = await upstreams.create_mirror(visit.rooms.mirror, visit.actor, name, upstream, form.flag("public"))
    return Moved(_at(name), visit.say("%(name)s mirrors %(host)s from now on.", name=name, host=made.host))


async def show_mirror(visit: Visit) -> View:
    """One mirror, and how engines pull through it."""
    visit.need_operator()
    rooms, name = visit.rooms.mirror, _name(visit)
    found = await upstreams.show_mirror(rooms, visit.actor, name)
    configs = await list_configs(rooms, visit.actor, name, visit.url)
    values = {"mirror": found, "ways": ways_of(visit, configs)}
    return View("admin/mirrors/show.html", values | await care_of(visit, name))


async def mirror_settings(visit: Visit) -> View:
    """What can be changed of it."""
    visit.need_operator()
    found = await upstreams.show_mirror(visit.rooms.mirror, visit.actor, _name(visit))
    host = "" if found.host == host_of(found.endpoints[0]) else found.host
    values = {"mirror": found, "policy": found.policy, "host": host, "limit": _written(found.policy.limit_bytes)}
    return View("admin/mirrors/settings.html", values)


async def change_mirror(visit: Visit) -> Moved:
    """Change what the form says; what is not shown only where something was typed, or is to go."""
    form, name = visit.form, _name(visit)
    with at_its_field():
        change = Change(
            _endpoints(form),
            form.text("username"),
            form.secret("password") or _gone(form, "password"),
            form.text("authority") or _gone(form, "authority"),
            form.text("proxy") or _gone(form, "proxy"),
            _policy(form),
            form.text("host"),
            form.flag("transparent"),
        )
        await upstreams.change_mirror(visit.rooms.mirror, visit.actor, name, change)
    return Moved(_at(name), visit.say("Saved."))


async def confirm_deleting_mirror(visit: Visit) -> View:
    """What giving it up means."""
    visit.need_operator()
    name = _name(visit)
    found = await upstreams.show_mirror(visit.rooms.mirror, visit.actor, name)
    says = [
        visit.say("Nothing more is fetched from %(host)s: what is not here yet cannot be pulled.", host=found.host),
        visit.say(
            "Images that are here stay. The organization becomes one like others: who may edit it can push to it."
        ),
    ]
    title = visit.say("Give up the mirror %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/delete", visit.say("Give up"), _at(name))


async def delete_mirror(visit: Visit) -> Moved:
    """Fetch nothing more."""
    name = _name(visit)
    await upstreams.delete_mirror(visit.rooms.mirror, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s is no mirror any more; its images stayed.", name=name))


def _endpoints(form: Form) -> Sequence[str]:
    return form.text("endpoints").split()


def _policy(form: Form) -> Mapping[str, Any]:
    """What was typed. Raises ParameterInvalid."""
    numbers = [name for name in asdict(Policy()) if name not in ("limit_bytes", "prefetch")]
    typed: dict[str, Any] = {name: form.number(name) for name in numbers}
    typed["limit_bytes"] = _size(form, "limit_bytes")
    typed["prefetch"] = one_of(Prefetch, form.text("prefetch"), "prefetch") if form.text("prefetch") else None
    return {name: value for name, value in typed.items() if value is not None}


def _written(size: int) -> str:
    """A size as a person may have written it: the shortest way."""
    return min((f"{size // factor}{unit}" for unit, factor in BYTES.items() if size % factor == 0), key=len)


def _size(form: Form, name: str) -> int | None:
    """Bytes, None when the field is empty. Raises ParameterInvalid."""
    try:
        return parse_bytes(form.text(name)) if form.text(name) else None
    except ValueError as error:
        raise ParameterInvalid("How much a mirror may hold is a size, as 500GB, or 0.", field=name) from error


def _gone(form: Form, name: str) -> str | None:
    """Nothing, where what is there is to be taken away; None: it stays."""
    return "" if form.flag(f"no_{name}") else None


def _name(visit: Visit) -> OrganizationName:
    return OrganizationName.parse(visit.names["mirror"])


def _at(name: str) -> str:
    return f"{HOME}/{name}"
