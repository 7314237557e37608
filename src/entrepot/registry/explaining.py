"""Explain: may somebody do something here, and because of what. For themselves, and for those who look after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from entrepot.access.actor import ANONYMOUS, EVERYONE, Actor
from entrepot.access.check import is_administrator, is_left_to_people, level_of
from entrepot.access.explain import Explanation, Reason, explain
from entrepot.access.grants import Grant
from entrepot.access.levels import Action, Level
from entrepot.accounts.actors import ROBOT, actor_of, is_usable, owner_is_usable
from entrepot.accounts.operators import is_operator
from entrepot.accounts.queries import groups, people
from entrepot.accounts.users import domain_names_of, names_of
from entrepot.db.transaction import Reader
from entrepot.registry import organizations, reach
from entrepot.registry.queries import names
from entrepot.registry.room import Registry
from entrepot.registry.verdicts import Verdict, verdict_on_filling, verdicts_on
from entrepot.values.errors import ParameterInvalid, Unauthenticated, UserUnknown, quoted, worded
from entrepot.values.names import OrganizationName, RepositoryName, RobotName, TagName

Scope = OrganizationName | RepositoryName
ME = "me"
# What grants are given to, by the beginning of their subject, in words for people.
_KINDS = {"user": "user", "group": "group", "domain": "share", "admins": "administrators", EVERYONE: "public"}


@dataclass(frozen=True, slots=True)
class Because:
    """A grant that counts. `kind`: whom it is given to, of the name `name`; nobody in particular for `public`.

    `expires_at` is the first moment it does not count any more, the beginning of a day; None: it has no end.
    """

    scope: str
    kind: str
    name: str
    level: Level
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explained:
    """`sentence` says in words what was given. `is_usable`: the account may sign in; without that nothing is allowed.

    `is_permitted` by what was given; `is_allowed` when no gate refuses it either. `gates`: what they say, where
    somebody is permitted.
    """

    who: str
    action: Action
    what: str
    is_allowed: bool
    is_permitted: bool
    is_usable: bool
    needed: Level
    held: Level
    level: Level
    reasons: Sequence[Because]
    sentence: str
    gates: Sequence[Verdict] = ()


async def explain_access(
    registry: Registry, actor: Actor, who: str, action: Action, what: Scope, tag: TagName | None = None
) -> Explained:
    """Whether `who` may do `action` on `what`, which need not exist: what one may not see explains like that.

    With `tag`, whether a gate lets that one move or go. What gates say is told to those who may read `what`.
    Everybody may ask about themselves (`me`, with the credential at hand); administrators about those of their
    domain, managers of `what` too, and about everybody in general (`*`); operators about all.
    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RepositoryUnknown or UserUnknown.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    async with registry.db.reading() as tx:
        asked, usable = await _whom(tx, actor, who, what)
        found = await explain(tx, asked, action, what)
        reasons = await named(tx, found.reasons)
        is_permitted = usable and found.is_allowed
        gates = await _gates(tx, actor, action, what, tag) if is_permitted else ()
    name = "everybody" if asked.is_anonymous else asked.name
    sentence = say(name, asked, usable, action, what, found, reasons)
    return Explained(
        name,
        action,
        what if tag is None else f"{what}:{tag}",
        is_permitted and all(one.is_passed for one in gates),
        is_permitted,
        usable,
        found.needed,
        found.held,
        found.level,
        reasons,
        sentence,
        gates,
    )


async def _gates(tx: Reader, actor: Actor, action: Action, what: Scope, tag: TagName | None) -> Sequence[Verdict]:
    if await level_of(tx, actor, what) < Level.READ:
        return ()
    if (filling := await verdict_on_filling(tx, action, OrganizationName(what.partition("/")[0]))) is not None:
        return (filling,)
    repository = await names.repository_by_path(tx, what) if isinstance(what, RepositoryName) else None
    return () if repository is None else await verdicts_on(tx, repository, action, tag)


def parse_what(text: str) -> tuple[Scope, TagName | None]:
    """An organization, a repository as `acme/app`, or a tag as `acme/app:v1`. Raises NameInvalid or TagInvalid."""
    name, colon, tag = text.partition(":")
    if "/" not in name:
        return OrganizationName.parse(text), None
    return RepositoryName.parse(name), TagName.parse(tag) if colon else None


def parse_action(text: str, what: Scope) -> Action:
    """An action by its whole name (`repository:pull`) or its verb, as far as that goes with `what`.

    Raises ParameterInvalid.
    """
    kinds = ("repository",) if isinstance(what, RepositoryName) else ("organization",)
    known = {str(action): action for action in Action}
    known |= {verb: action for action in Action for kind, _, verb in (action.partition(":"),) if kind in kinds}
    if not isinstance(what, RepositoryName):
        known["create"] = Action.REPOSITORY_CREATE
    if text not in known:
        shortest = {action: name for name, action in known.items()}
        raise ParameterInvalid(
            worded(
                "An action on {what} is one of {known}; not {text}.",
                what=what,
                known=", ".join(shortest.values()),
                text=quoted(text),
            ),
            kind="query",
        )
    return known[text]


def say(
    name: str, asked: Actor, usable: bool, action: Action, what: str, found: Explanation, reasons: Sequence[Because]
) -> str:
    """Why, in one sentence."""
    verdict = f"{name} may {'' if usable and found.is_allowed else 'not '}do {action} on {what}"
    if not usable:
        return f"{verdict}: the account is disabled, past its end, or its owner is."
    if not reasons:
        return f"{verdict}: nothing there was given to {name}; it needs {_word(found.needed)}."
    strongest = reasons[0]
    by = {"public": "everybody", "administrators": f"the administrators of {strongest.name}"}.get(
        strongest.kind, f"the {'domain' if strongest.kind == 'share' else strongest.kind} {strongest.name}"
    )
    held = f"{_word(found.held)} on {strongest.scope} is given to {by}"
    if found.is_allowed:
        return f"{verdict}: {held}."
    if is_left_to_people(asked, action):
        return f"{verdict}: {held}, but this is left to people."
    if found.level < found.held:
        return f"{verdict}: {held}, but the credential at hand was made for less."
    return f"{verdict}: {held}; it needs {_word(found.needed)}."


def _word(level: Level) -> str:
    return level.name.lower()


async def _whom(tx: Reader, actor: Actor, who: str, what: Scope) -> tuple[Actor, bool]:
    """The actor that is asked about, and whether they may sign in."""
    own = (await domain_names_of(tx, [actor.domain_id])).get(actor.domain_id, "")
    domain, slash, name = who.rpartition("/")
    domain = domain if slash else own
    if who == ME or (domain, name) == (own, actor.name):
        return actor, True
    if not is_administrator(actor) or who == EVERYONE:
        await _require_manager(tx, actor, what)
    if who == EVERYONE:
        return ANONYMOUS, True
    row = None
    if "\0" not in who and (domain == own or await is_operator(tx, actor)):
        row = await people.user_by_name(tx, domain, name)
    if row is None:
        raise UserUnknown(worded("There is no user named {who}.", who=quoted(who)))
    account = await people.account_and_owner(tx, row.id)
    usable = account is not None and is_usable(account, tx.now)
    if usable and account is not None and account.kind == ROBOT:
        usable = owner_is_usable(account, tx.now)
    return actor_of(row), usable


async def _require_manager(tx: Reader, actor: Actor, what: Scope) -> None:
    if await level_of(tx, actor, what) >= Level.MANAGE:
        return
    if isinstance(what, RepositoryName):
        await reach.permitted(tx, actor, Action.REPOSITORY_GRANT, what)
    else:
        await organizations.reachable(tx, actor, Action.ORGANIZATION_MANAGE, what)


async def named(tx: Reader, reasons: Sequence[Reason | Grant]) -> list[Because]:
    """Reasons with names in the place of ids."""
    ids: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for one in reasons:
        kind, _, identity = one.subject.partition(":")
        ids[kind].add(identity)
    domains = await domain_names_of(tx, sorted(ids["domain"] | ids["admins"]))
    names = {
        "user": await names_of(tx, sorted(ids["user"])),
        "group": await groups.names_of_groups(tx, sorted(ids["group"])),
        "domain": domains,
        "admins": domains,
        EVERYONE: {},
    }
    found = []
    for one in reasons:
        kind, _, identity = one.subject.partition(":")
        name = names[kind].get(identity, "")
        said = "robot" if name.startswith(RobotName.PREFIX) else _KINDS[kind]
        found.append(Because(one.scope, said, name.removeprefix(RobotName.PREFIX), one.level, one.expires_at))
    return found
