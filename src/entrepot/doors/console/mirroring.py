"""What pages say of mirrors: how engines pull through one, and which of the organizations on a page are some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from entrepot.doors.console.problems import sentence_of
from entrepot.doors.console.visit import Visit
from entrepot.mirror.origins import Configs, hosts_of
from entrepot.mirror.snippets import Engine
from entrepot.registry.browse import Listed
from entrepot.registry.organizations import Organization

_NAMES: Final[Mapping[Engine, str]] = {
    Engine.CONTAINERD: "containerd",
    Engine.DOCKER: "Docker",
    Engine.PODMAN: "Podman, CRI-O",
    Engine.BUILDKIT: "BuildKit",
}


@dataclass(frozen=True, slots=True)
class EngineWay:
    """`file`: where `text` goes on the machine that pulls; `then`: a command to run after that.

    `note`: what else to know, or why the engine cannot.
    """

    key: str
    name: str
    file: str = ""
    text: str = ""
    then: str = ""
    note: str = ""


def ways_of(visit: Visit, configs: Configs) -> Sequence[EngineWay]:
    """How each engine pulls through a mirror by the names that images have at its upstream."""
    return [_way(visit, configs, engine) for engine in Engine]


def _way(visit: Visit, configs: Configs, engine: Engine) -> EngineWay:
    refusal, found = configs.refusals.get(engine), configs.snippets.get(engine)
    if found is None:
        said = sentence_of(refusal, visit.language) if refusal else ""
        return EngineWay(engine, _NAMES[engine], note=said)
    note = ""
    if not configs.is_public and engine is Engine.DOCKER:
        note = visit.say("Docker does not sign in to a mirror: it pulls only what is public here.")
    elif not configs.is_public:
        note = visit.say("The engine signs in to %(host)s for what is not public here.", host=visit.host)
    return EngineWay(engine, _NAMES[engine], found.file, found.text, found.then, note)


async def hosts_among(visit: Visit, shown: Sequence[Organization]) -> Mapping[str, str]:
    """What the registries are called that some of the organizations mirror, by organization."""
    mirrors = [one.name for one in shown if one.is_mirror]
    return await hosts_of(visit.rooms.mirror, mirrors) if mirrors else {}


async def hosts_behind(visit: Visit, shown: Sequence[Listed]) -> Mapping[str, str]:
    """The same of the organizations of images."""
    mirrors = {one.repository.path.organization for one in shown if one.repository.is_mirror}
    return await hosts_of(visit.rooms.mirror, mirrors) if mirrors else {}
