"""A repository with a trigger, a retention policy, and a rule of synchronisation; bodies of calls about them."""

from entrepot.mirror.regions import create_region
from entrepot.mirror.sync import Destination, create_rule
from entrepot.triggers.definitions import create_trigger
from entrepot.triggers.rules import Condition, Definition, Target
from entrepot.upkeep.policies import create_policy
from entrepot.upkeep.rules import Rule
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, TriggerName
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
REMOTE = {"remoteRegionId": "north-1", "remoteNamespace": "copies"}


async def automate(rooms: Rooms, path: RepositoryName) -> None:
    """The trigger `deploy`, the policy with the number 1, the rule for `REMOTE`, whose region is known."""
    target = Target.parse("cce", "c1", "", "default", "deployments", "web", "")
    definition = Definition(TriggerName("deploy"), Condition.parse("all", ".*"), target)
    await create_trigger(rooms.triggers, rooms.admin, path, definition, is_enabled=True)
    await create_policy(rooms.upkeep, rooms.admin, path, [Rule.parse("tag_rule", {"num": "5"}, [])])
    north = RegionName(REMOTE["remoteRegionId"])
    await create_region(rooms.mirror, rooms.admin, north, "https://north.example")
    to = Destination(north, OrganizationName(REMOTE["remoteNamespace"]))
    await create_rule(rooms.mirror, rooms.admin, path, to, is_automatic=True)
