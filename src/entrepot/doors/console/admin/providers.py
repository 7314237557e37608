"""Single sign-on: whose word counts for who somebody is. OpenID Connect issuers and LDAP directories."""

from collections.abc import Mapping
from typing import Any, Final

from entrepot.accounts.trust import checking, providers
from entrepot.accounts.trust.checking import Checked
from entrepot.accounts.trust.settings import KINDS, document_of
from entrepot.doors.console.admin.parts import ROWS, asked, at_its_field, page_of, pairs_of, with_empty
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.values.errors import ParameterInvalid, worded
from entrepot.values.names import ProviderName, UserName

HOME: Final = "/console/admin/providers"
_TEXTS: Final = {
    "oidc": ("issuer", "client_id", "name_claim", "groups_claim"),
    "ldap": (
        "url",
        "bind_dn",
        "base_dn",
        "user_filter",
        "id_attribute",
        "name_attribute",
        "email_attribute",
        "groups_attribute",
        "group_base_dn",
        "group_filter",
    ),
}
_CLEARED: Final = frozenset({"bind_dn", "group_base_dn"})
"""Fields that may be empty; an empty field of the others is as it is by itself."""


async def list_providers(visit: Visit) -> View:
    """Identity providers by name."""
    found = await providers.list_providers(visit.rooms.accounts, visit.actor, visit.query("after"), ROWS + 1)
    rows, following = page_of(found, lambda one: one.name)
    return View("admin/providers/list.html", {"providers": rows, "following": following})


async def new_provider(visit: Visit) -> View:
    """The form for a new one, by its kind."""
    visit.need_admin()
    kind = visit.form.text("kind") or visit.query("kind") or "oidc"
    if kind not in KINDS:
        raise ParameterInvalid(worded("The kind of a provider is {kinds}.", kinds=" or ".join(KINDS)), kind="kind")
    return View("admin/providers/new.html", {"kind": kind, **_rows(visit, {})})


async def create_provider(visit: Visit) -> Moved:
    """Let people sign in by it."""
    form = visit.form
    name, kind = ProviderName.parse(form.text("name")), form.text("kind")
    with at_its_field(url="url" if kind == "ldap" else "issuer"):
        given = _given(visit, kind)
        await providers.create_provider(visit.rooms.accounts, visit.actor, name, kind, given, form.secret("secret"))
    return Moved(_at(name), visit.say("%(name)s was created. Check it before somebody relies on it.", name=name))


async def show_provider(visit: Visit) -> View:
    """One provider, and whom it vouches for."""
    return await _shown(visit, None)


async def check_provider(visit: Visit) -> View:
    """Ask it now, as a login would."""
    return await _shown(visit, await checking.check_provider(visit.rooms.accounts, visit.actor, _name(visit)))


async def provider_settings(visit: Visit) -> View:
    """What can be changed of it."""
    found = await providers.show_provider(visit.rooms.accounts, visit.actor, _name(visit))
    document = document_of(found.settings)
    return View("admin/providers/settings.html", {"provider": found, "of": document, **_rows(visit, document)})


async def change_provider(visit: Visit) -> Moved:
    """Change its settings; a secret that is not typed stays."""
    name = _name(visit)
    found = await providers.show_provider(visit.rooms.accounts, visit.actor, name)
    with at_its_field(url="url" if found.kind == "ldap" else "issuer"):
        given = _given(visit, found.kind)
        secret = visit.form.secret("secret") or None
        await providers.change_provider(visit.rooms.accounts, visit.actor, name, given, secret)
    return Moved(f"{_at(name)}/-/settings", visit.say("Saved."))


async def link_person(visit: Visit) -> Moved:
    """Let an account that is there belong to somebody at the provider."""
    name, form = _name(visit), visit.form
    user = UserName.parse(form.text("user"))
    with at_its_field():
        await providers.link_identity(visit.rooms.accounts, visit.actor, name, form.text("subject"), user)
    return Moved(_at(name), visit.say("%(name)s signs in by it from now on.", name=user))


async def unlink_person(visit: Visit) -> Moved:
    """Let an account belong to nobody there any more."""
    name = _name(visit)
    await providers.unlink_identity(visit.rooms.accounts, visit.actor, name, visit.form.text("subject"))
    return Moved(_at(name), visit.say("The account belongs to nobody there any more."))


async def enable_provider(visit: Visit) -> Moved:
    """Let people in by it again."""
    name = _name(visit)
    await providers.change_provider(visit.rooms.accounts, visit.actor, name, {}, is_enabled=True)
    return Moved(_at(name), visit.say("People may sign in by it again."))


async def confirm_disabling_provider(visit: Visit) -> View:
    """What switching it off means."""
    name = _name(visit)
    says = [visit.say("Nobody signs in by it any more, and who is signed in by it is out at once. Accounts stay.")]
    title = visit.say("Switch off %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/disable", visit.say("Switch off"), _at(name), await _whom(visit, name))


async def disable_provider(visit: Visit) -> Moved:
    """Let nobody in by it."""
    name = _name(visit)
    await providers.change_provider(visit.rooms.accounts, visit.actor, name, {}, is_enabled=False)
    return Moved(_at(name), visit.say("Nobody signs in by it any more."))


async def confirm_deleting_provider(visit: Visit) -> View:
    """What ends with it."""
    name = _name(visit)
    says = [
        visit.say("Who is signed in by it is out at once. Accounts stay; without a password nobody gets into them.")
    ]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/delete", visit.say("Delete"), _at(name), await _whom(visit, name))


async def delete_provider(visit: Visit) -> Moved:
    """Trust it no longer."""
    name = _name(visit)
    await providers.delete_provider(visit.rooms.accounts, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


async def _shown(visit: Visit, checked: Checked | None) -> View:
    accounts, name = visit.rooms.accounts, _name(visit)
    found = await providers.show_provider(accounts, visit.actor, name)
    linked = await providers.list_identities(accounts, visit.actor, name, visit.query("after"), ROWS + 1)
    identities, following = page_of(linked, lambda one: one.subject)
    values = {"provider": found, "identities": identities, "following": following, "checked": checked}
    return View("admin/providers/show.html", values)


async def _whom(visit: Visit, name: str) -> list[tuple[str, list[str]]]:
    linked = await providers.list_identities(visit.rooms.accounts, visit.actor, name, "", ROWS)
    return [(visit.say("Who signs in by it"), [one.user_name for one in linked])]


def _rows(visit: Visit, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rows of the form: what was typed, else what is so."""
    form = visit.form
    conditions = [(one["claim"], one["pattern"]) for one in document.get("conditions", ())]
    groups = list(document.get("groups", {}).items())
    return {
        "conditions": with_empty(pairs_of(form, "claim", "pattern") or conditions, 1),
        "groups": with_empty(pairs_of(form, "theirs", "ours") or groups, 2),
    }


def _given(visit: Visit, kind: str) -> Mapping[str, Any]:
    """The settings as the form says them. Raises ParameterInvalid."""
    form = visit.form
    given: dict[str, Any] = {
        name: form.text(name) for name in _TEXTS.get(kind, ()) if form.text(name) or name in _CLEARED
    }
    given |= {
        "authority": form.text("authority"),
        "groups": dict(pairs_of(form, "theirs", "ours")),
        "provisions": form.flag("provisions"),
        "email_domains": form.text("email_domains").replace(",", " ").split(),
        "conditions": [{"claim": claim, "pattern": pattern} for claim, pattern in pairs_of(form, "claim", "pattern")],
    }
    if kind == "oidc":
        given["scopes"] = form.text("scopes").replace(",", " ").split() or ["openid", "profile", "email"]
    if kind == "ldap":
        given["start_tls"] = form.flag("start_tls")
    if visit.is_operator:
        given["reach"] = form.text("reach") or "public"
    return given


def _name(visit: Visit) -> str:
    return ProviderName.parse(visit.names["provider"])


def _at(name: str) -> str:
    return f"{HOME}/{name}"
