"""A repository with a trigger, a retention policy, and a rule of synchronisation; bodies of calls about them."""

from datetime import timedelta

from entrepot.jobs.notes import SYSTEM
from entrepot.mirror.kept import keep
from entrepot.mirror.pin_rules import Pin
from entrepot.mirror.pins import pin_images
from entrepot.mirror.queries import copies
from entrepot.mirror.regions import create_region
from entrepot.mirror.rules import Status
from entrepot.mirror.sync import Destination, create_rule
from entrepot.mirror.upstreams import Upstream, create_mirror
from entrepot.mirror.virtual import definitions as virtual
from entrepot.mirror.wide_sync import create_wide_rule
from entrepot.regions.warming.asking import start_warmup
from entrepot.regions.warming.by_rule import create_warm_rule
from entrepot.regions.warming.rules import WarmRule, Wish
from entrepot.registry.immutability import create_rule as create_immutability_rule
from entrepot.registry.immutability_rules import Rule as ImmutabilityRule
from entrepot.registry.queries import names
from entrepot.triggers.definitions import create_trigger
from entrepot.triggers.rules import Condition, Definition, Target
from entrepot.upkeep.causes import Cause, RunState
from entrepot.upkeep.policies import create_policy
from entrepot.upkeep.queries import retained
from entrepot.upkeep.rules import Rule
from entrepot.upkeep.wide_policies import create_wide_policy
from entrepot.upkeep.wide_rules import WidePolicy, WideRule
from entrepot.values.names import (
    OrganizationName,
    RegionName,
    RepositoryName,
    SyncRuleName,
    TagName,
    TriggerName,
    WarmRuleName,
    WebhookName,
)
from entrepot.webhooks import rules as webhook_rules
from entrepot.webhooks.definitions import create_webhook
from entrepot.webhooks.deliveries import send_test
from entrepot.webhooks.rules import Filter, Kind
from tests.make.edges import save_edge
from tests.make.rooms import Rooms

TRIGGER = {
    "name": "another",
    "action": "update",
    "trigger_type": "all",
    "condition": ".*",
    "app_type": "deployments",
    "application": "web",
    "cluster_ns": "default",
    "cluster_id": "c1",
    "enable": "true",
}
RETENTION = {
    "algorithm": "or",
    "rules": [{"template": "tag_rule", "params": {"num": "10"}, "tag_selectors": []}],
}
WEBHOOK = {
    "name": "another",
    "kind": "cloudevents",
    "url": "https://hooks.example/images",
    "events": ["image_pushed"],
}
WIDE_RULE = {"direction": "push", "regions": ["north-1"], "repositories": ["acme/*"]}
REMOTE = {"remoteRegionId": "north-1", "remoteNamespace": "copies"}


async def automate(rooms: Rooms, path: RepositoryName) -> None:
    """The trigger `deploy`, policies and a run of retention with the number 1, the rule for `REMOTE`, which is known.
    Copies there: 1 waits, 2 has failed. A rule for several regions, `releases`. The region's edge is `frankfurt-1`,
    which warms up `v1` (number 1), and what the rule `releases` says.

    And in the organization the webhook `tell` with a delivery that waits, number 1, and a rule of immutability of that
    number that is disabled. Beside it a mirror, `hub`, and `everything`, which merges both.
    """
    kept = ImmutabilityRule("*", "*", is_enabled=False)
    await create_immutability_rule(rooms.registry, rooms.admin, OrganizationName(path.organization), kept)
    target = Target.parse("cce", "c1", "", "default", "deployments", "web", "")
    definition = Definition(TriggerName("deploy"), Condition.parse("all", ".*"), target)
    await create_trigger(rooms.triggers, rooms.admin, path, definition, is_enabled=True)
    await create_policy(rooms.upkeep, rooms.admin, path, [Rule.parse("tag_rule", {"num": "5"}, [])])
    await _retained(rooms, path)
    north = RegionName(REMOTE["remoteRegionId"])
    await create_region(rooms.mirror, rooms.admin, north, "https://north.example")
    await save_edge(rooms, "frankfurt-1", north)
    wish = Wish((north,))
    await start_warmup(rooms.regions, rooms.admin, path, TagName("v1"), wish)
    warm_rule = WarmRule((f"{path.organization}/*",), ("v*",), wish)
    await create_warm_rule(rooms.regions, rooms.admin, WarmRuleName("releases"), warm_rule)
    await create_mirror(rooms.mirror, rooms.admin, OrganizationName("hub"), Upstream(("https://registry.example",)))
    await pin_images(rooms.mirror, rooms.admin, OrganizationName("hub"), Pin("redis"))
    merging = virtual.Definition([virtual.Merged(OrganizationName(name)) for name in (path.organization, "hub")])
    await virtual.create_virtual(rooms.mirror, rooms.admin, OrganizationName("everything"), merging)
    to = Destination(north, OrganizationName(REMOTE["remoteNamespace"]))
    await create_rule(rooms.mirror, rooms.admin, path, to, is_automatic=True)
    await create_wide_rule(rooms.mirror, rooms.admin, SyncRuleName("releases"), WIDE_RULE)
    await _copied(rooms, path, north)
    acme = path.organization
    chosen = Filter.parse(Kind.CLOUDEVENTS, ["image_pushed"], "", "")
    tell = WebhookName("tell")
    definition_of_webhook = webhook_rules.Definition(tell, None, Kind.CLOUDEVENTS, chosen, is_enabled=True)
    await create_webhook(rooms.webhooks, rooms.admin, acme, definition_of_webhook, "https://hooks.example/")
    await send_test(rooms.webhooks, rooms.admin, acme, tell)


async def _copied(rooms: Rooms, path: RepositoryName, north: RegionName) -> None:
    """Copies: 1 waits for tomorrow, 2 has failed."""
    async with rooms.db.writing() as tx:
        found = await names.repository_by_path(tx, path)
        assert found is not None
        now = rooms.clock.now()
        row = copies.waiting(found.id, north, REMOTE["remoteNamespace"], "v1", False, rooms.admin.id, now)
        failed = {"status": Status.FAILED, "error": keep("It is away."), "next_at": None, "ended_at": now}
        await copies.save_copies(tx, [row | {"next_at": now + timedelta(days=1)}])
        await copies.save_copies(tx, [row | failed])


async def _retained(rooms: Rooms, path: RepositoryName) -> None:
    """A policy of the organization that does nothing, and the run of retention 1, which deleted a tag."""
    acme = OrganizationName(path.organization)
    policy = WidePolicy.parse("*", [WideRule.parse(newest=1)], is_enabled=False)
    await create_wide_policy(rooms.upkeep, rooms.admin, acme, policy)
    async with rooms.db.writing() as tx:
        found = await names.repository_by_path(tx, path)
        assert found is not None
        now = rooms.clock.now()
        run = {"cause": Cause.DUE, "asked_by": SYSTEM, "rules": [], "started_at": now, "state": RunState.DONE}
        number = await retained.save_run(tx, found.organization_id, found.id, **run)
        await retained.set_run(tx, number, ended_at=now, looked_at=2, deleted=1, kept=1)
        gone = {"tag": "old", "digest": f"sha256:{'0' * 64}", "pushed_at": now, "deleted_at": now, "run_id": number}
        rule = {"repository_id": found.id, "policy_id": 1, "rule": {}}
        await retained.save_deletions(tx, [gone | rule])
