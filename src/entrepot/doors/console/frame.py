"""What stands around every page: the navigation, by who visits."""

from collections.abc import Sequence
from dataclasses import dataclass

from entrepot.doors.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Item:
    """A way to a page. `is_here`: the visit is there, or below."""

    name: str
    path: str
    icon: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    items: Sequence[Item]


def sections(visit: Visit) -> Sequence[Section]:
    """The navigation for this visitor."""
    say = visit.say
    public = (say("Public images"), "/console/public", "globe")
    if visit.actor.is_anonymous:
        return [_section(visit, "", [public])]
    top = [
        (say("Overview"), "/console/", "gauge"),
        (say("Organizations"), "/console/organizations", "building"),
    ]
    images = [
        (say("My images"), "/console/images", "layers"),
        (say("Shared images"), "/console/shared", "share"),
        (say("Upload"), "/console/upload", "upload"),
        public,
    ]
    if visit.rooms.regions.view.has_nodes:
        images.append((say("Warm-ups"), "/console/warmups", "bolt"))
    made = [
        _section(visit, "", top),
        _section(visit, say("Images"), images),
        _section(visit, say("Administration"), _administration(visit)),
    ]
    return [one for one in made if one.items]


def _administration(visit: Visit) -> Sequence[tuple[str, str, str]]:
    """People make robots for what they manage; the rest is for administrators, and some for operators alone."""
    say = visit.say
    robots = (say("Robots"), "/console/admin/robots", "robot")
    if not visit.is_admin:
        return [robots]
    rows = [
        (say("Users"), "/console/admin/users", "users"),
        (say("Groups"), "/console/admin/groups", "group"),
        robots,
        (say("Keyless robots"), "/console/admin/federations", "signature"),
        (say("Single sign-on"), "/console/admin/providers", "key"),
        (say("Audit log"), "/console/admin/audit", "list"),
    ]
    if visit.is_operator:
        rows += [
            (say("Domains"), "/console/admin/domains", "folder"),
            (say("Regions"), "/console/admin/regions", "globe"),
            (say("Synchronisation"), "/console/admin/sync", "share"),
            (say("Mirrors"), "/console/admin/mirrors", "download"),
            (say("Virtual organizations"), "/console/admin/virtual", "layers"),
            (say("Jobs"), "/console/admin/jobs", "bolt"),
            (say("Garbage collection"), "/console/admin/garbage", "trash"),
            (say("Verification"), "/console/admin/verify", "check"),
            (say("System"), "/console/admin/system", "server"),
        ]
    return rows


def _section(visit: Visit, name: str, rows: Sequence[tuple[str, str, str]]) -> Section:
    return Section(name, [Item(said, path, icon, _is_here(visit.path, path)) for said, path, icon in rows])


def _is_here(path: str, target: str) -> bool:
    return path == target or (target != "/console/" and path.startswith(f"{target}/"))
