"""Webhooks of organizations and images: listed, made, shown with what they delivered, changed, tried out, deleted."""

import json
from collections.abc import Sequence
from typing import Any, Final

from entrepot.doors.console.admin.parts import ROWS, asked, at_its_field
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import organizations
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import RepositoryName, WebhookName
from entrepot.values.words import one_of
from entrepot.webhooks import definitions, deliveries
from entrepot.webhooks.definitions import Change
from entrepot.webhooks.rules import TRAITS, Definition, Filter, Kind, State, Word
from entrepot.webhooks.shown import Webhook

_DIGITS_MAX: Final = 18


async def list_webhooks(visit: Visit) -> View:
    """All of an organization and its images, by name, for its managers."""
    found = await organizations.show_organization(visit.rooms.registry, visit.actor, visit.organization)
    page = await definitions.list_webhooks(
        visit.rooms.webhooks, visit.actor, visit.organization, None, visit.query("after"), ROWS
    )
    return View("webhooks/list.html", {"organization": found, "webhooks": page.items, "following": page.after})


async def new_webhook(visit: Visit) -> View:
    """The form for a new one, of the organization or of one of its images."""
    visit.need_account()
    path = _image(visit)
    await definitions.list_webhooks(visit.rooms.webhooks, visit.actor, visit.organization, path, limit=1)
    return View("webhooks/new.html", _choices(visit) | {"path": path})


async def create_webhook(visit: Visit) -> View:
    """A new webhook; its secret is on the page that answers, and nowhere else."""
    form = visit.form
    kind = one_of(Kind, form.text("kind"), "kind")
    with at_its_field():
        chosen = Filter.parse(kind, form.many("events"), form.text("repositories"), form.text("tags"))
        definition = Definition(WebhookName.parse(form.text("name")), _image(visit), kind, chosen, is_enabled=True)
        made = await definitions.create_webhook(
            visit.rooms.webhooks,
            visit.actor,
            visit.organization,
            definition,
            form.text("url"),
            form.text("authorization"),
            form.text("secret"),
            _recipients(visit),
        )
    return View("webhooks/secret.html", {"webhook": made.webhook, "secret": made.secret, "is_new": True, **_way(visit)})


async def show_webhook(visit: Visit) -> View:
    """One webhook and its log, the newest delivery first."""
    rooms, organization, name = visit.rooms.webhooks, visit.organization, _name(visit)
    found = await definitions.show_webhook(rooms, visit.actor, organization, name)
    state = one_of(State, visit.query("state"), "state") if visit.query("state") else None
    page = await deliveries.list_deliveries(
        rooms, visit.actor, organization, name, state, _number(visit.query("after") or "0"), ROWS
    )
    values = {
        "webhook": found,
        "deliveries": page.items,
        "following": page.after,
        "state": state,
        "states": list(State),
    }
    return View("webhooks/show.html", values | _way(visit, found))


async def edit_webhook(visit: Visit) -> View:
    """What can be changed of it."""
    found = await definitions.show_webhook(visit.rooms.webhooks, visit.actor, visit.organization, _name(visit))
    return View("webhooks/edit.html", _choices(visit, found.definition.kind) | {"webhook": found} | _way(visit, found))


async def change_webhook(visit: Visit) -> Moved:
    """Change what the form says; secrets and addresses only where something was typed, as they are not shown."""
    form, rooms, name = visit.form, visit.rooms.webhooks, _name(visit)
    kind = (await definitions.show_webhook(rooms, visit.actor, visit.organization, name)).definition.kind
    with at_its_field():
        chosen = Filter.parse(kind, form.many("events"), form.text("repositories"), form.text("tags"))
        change = Change(
            chosen,
            form.text("url") or None,
            form.text("authorization") or ("" if form.flag("no_authorization") else None),
            secret=form.text("secret") or None,
            recipients=_recipients(visit) or None,
        )
        await definitions.change_webhook(rooms, visit.actor, visit.organization, name, change)
    return Moved(_at(visit), visit.say("Saved."))


async def enable_webhook(visit: Visit) -> Moved:
    """Let it deliver, also what waited."""
    return await _switch(visit, True, visit.say("It delivers again, what waited first."))


async def disable_webhook(visit: Visit) -> Moved:
    """Let it rest: what happens meanwhile is not told."""
    return await _switch(visit, False, visit.say("It is off: what happens from now on is not told."))


async def send_test(visit: Visit) -> Moved:
    """Have a test delivered; the page of the delivery shows what became of it."""
    number = await deliveries.send_test(visit.rooms.webhooks, visit.actor, visit.organization, _name(visit))
    return Moved(f"{_at(visit)}/deliveries/{number}", visit.say("A test is on its way."))


async def confirm_rotation(visit: Visit) -> View:
    """What a new secret means."""
    name = _name(visit)
    await definitions.show_webhook(visit.rooms.webhooks, visit.actor, visit.organization, name)
    says = [visit.say("The secret of now signs beside the new one for a while, so that receivers can follow.")]
    title = visit.say("New secret for %(name)s", name=name)
    return asked(title, says, f"{_at(visit)}/rotate", visit.say("Make a new secret"), _at(visit))


async def rotate_webhook_secret(visit: Visit) -> View:
    """A new secret, shown once."""
    rooms, name = visit.rooms.webhooks, _name(visit)
    fresh = await definitions.rotate_secret(rooms, visit.actor, visit.organization, name)
    found = await definitions.show_webhook(rooms, visit.actor, visit.organization, name)
    return View("webhooks/secret.html", {"webhook": found, "secret": fresh, "is_new": False, **_way(visit, found)})


async def confirm_webhook_deletion(visit: Visit) -> View:
    """What ends with it."""
    name = _name(visit)
    await definitions.show_webhook(visit.rooms.webhooks, visit.actor, visit.organization, name)
    says = [visit.say("Its log goes with it, and what waits is not delivered.")]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{_at(visit)}/delete", visit.say("Delete"), _at(visit))


async def delete_webhook(visit: Visit) -> Moved:
    """Remove it with its log."""
    rooms, name = visit.rooms.webhooks, _name(visit)
    found = await definitions.show_webhook(rooms, visit.actor, visit.organization, name)
    await definitions.delete_webhook(rooms, visit.actor, visit.organization, name)
    return Moved(_way(visit, found)["home"], visit.say("%(name)s was deleted.", name=name))


async def show_delivery(visit: Visit) -> View:
    """What was sent and what was answered."""
    rooms, name = visit.rooms.webhooks, _name(visit)
    found = await definitions.show_webhook(rooms, visit.actor, visit.organization, name)
    number = _number(visit.names["delivery"])
    exchange = await deliveries.show_delivery(rooms, visit.actor, visit.organization, name, number)
    body = json.dumps(json.loads(exchange.body), indent=2, ensure_ascii=False)  # ours, and easier to read like this
    return View("webhooks/delivery.html", {"webhook": found, "exchange": exchange, "body": body} | _way(visit, found))


async def redeliver(visit: Visit) -> Moved:
    """Send it again."""
    number = _number(visit.names["delivery"])
    await deliveries.redeliver(visit.rooms.webhooks, visit.actor, visit.organization, _name(visit), number)
    return Moved(f"{_at(visit)}/deliveries/{number}", visit.say("It goes out again."))


async def _switch(visit: Visit, is_enabled: bool, said: str) -> Moved:
    change = Change(is_enabled=is_enabled)
    await definitions.change_webhook(visit.rooms.webhooks, visit.actor, visit.organization, _name(visit), change)
    return Moved(_at(visit), said)


def _choices(visit: Visit, kind: Kind | None = None) -> dict[str, Any]:
    """What the form offers; of a kind that is chosen already, only what it has words for."""
    sends_mail = visit.rooms.webhooks.settings.mail is not None
    kinds = [one for one in Kind if one is not Kind.MAIL or sends_mail]
    return {"kinds": kinds, "words": list(Word) if kind is None else TRAITS[kind].words}


def _way(visit: Visit, found: Webhook | None = None) -> dict[str, str]:
    """Where the webhook belongs: the path of its image, and the page it is listed on."""
    path = found.definition.repository if found else _image(visit)
    organization = f"/console/organizations/{visit.organization}/-/webhooks"
    return {"path": path or "", "home": f"/console/images/{path}/-/automation" if path else organization}


def _image(visit: Visit) -> RepositoryName | None:
    """The image that a new webhook is about, by the form or the address; None: the whole organization."""
    name = visit.form.text("image") or visit.query("image")
    return RepositoryName.parse(f"{visit.organization}/{name}") if name else None


def _recipients(visit: Visit) -> Sequence[str]:
    return visit.form.text("recipients").replace(",", " ").replace(";", " ").split()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS_MAX:
        raise ParameterInvalid("A delivery has a number.", kind="query")
    return int(text)


def _name(visit: Visit) -> WebhookName:
    return WebhookName.parse(visit.names["webhook"])


def _at(visit: Visit) -> str:
    return f"/console/organizations/{visit.organization}/-/webhooks/{_name(visit)}"
