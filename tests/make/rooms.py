"""All rooms of a house over a real SQLite file, blobs in memory and a clock that stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from entrepot.access.actor import Actor
from entrepot.access.levels import Level
from entrepot.accounts.access_keys import create_key
from entrepot.accounts.credentials import Credentials
from entrepot.accounts.domains import create_domain
from entrepot.accounts.initial_password import FIRST_ADMIN
from entrepot.accounts.login import sign_in
from entrepot.accounts.room import Accounts, open_accounts
from entrepot.accounts.settings import AccountSettings
from entrepot.accounts.users import create_user, ensure_first_admin
from entrepot.audit.room import Audit
from entrepot.audit.settings import AuditSettings
from entrepot.blobs.memory import MemoryStore
from entrepot.db.database import Database
from entrepot.db.holding import Holder, open_holder
from entrepot.db.opening import open_database
from entrepot.doors.console.rooms import ConsoleRooms
from entrepot.doors.manage.rooms import ManageRooms
from entrepot.doors.oci.call import OciRooms, OciSettings
from entrepot.intake.room import Intake
from entrepot.intake.settings import IntakeSettings
from entrepot.jobs.runs import Runs
from entrepot.jobs.settings import JobSettings
from entrepot.jobs.tail import Tail
from entrepot.migrations import upgrade
from entrepot.mirror.room import Mirror
from entrepot.mirror.settings import MirrorSettings
from entrepot.operations.room import Operations, Place, SettingShown
from entrepot.plumbing.clock import FakeClock
from entrepot.plumbing.networks import parse_networks
from entrepot.plumbing.sealing import Sealer
from entrepot.regions.room import Regions
from entrepot.registry.members import Wanted, add_members
from entrepot.registry.organizations import create_organization
from entrepot.registry.push import push_manifest
from entrepot.registry.repositories import change_repository, create_repository
from entrepot.registry.room import Registry
from entrepot.registry.rules import parse_deadline
from entrepot.registry.settings import RegistrySettings
from entrepot.registry.sharing import share_repository
from entrepot.registry.uploads import push_blob
from entrepot.triggers.room import Triggers
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.values.names import DomainName, OrganizationName, RepositoryName, TagName, UserName
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.settings import WebhookSettings
from tests.make.image import Blob, Image
from tests.make.work import url_in

PASSWORD = "a long enough password"
# As weak as the hash can be made: a test signs in many people.
ACCOUNT_SETTINGS = AccountSettings(argon2_memory_kib=8, argon2_passes=1)


@dataclass(frozen=True)
class Rooms:
    """Open rooms, and short ways to furnish them. Everybody's password is `PASSWORD`."""

    db: Database
    blobs: MemoryStore
    clock: FakeClock
    accounts: Accounts
    credentials: Credentials
    registry: Registry
    admin: Actor
    operations: Operations
    holder: Holder
    upkeep_settings: UpkeepSettings = field(default_factory=UpkeepSettings)

    @property
    def manage(self) -> ManageRooms:
        return ManageRooms(
            self.accounts,
            self.credentials,
            self.registry,
            self.audit,
            self.triggers,
            self.webhooks,
            self.upkeep,
            self.mirror,
            self.regions,
            self.intake,
            self.operations,
            Tail(self.db, 0.05, 10),
            registry_host="registry.example",
            json_bytes_max=65_536,
        )

    @property
    def console(self) -> ConsoleRooms:
        return ConsoleRooms(
            self.accounts,
            self.registry,
            self.audit,
            self.triggers,
            self.webhooks,
            self.upkeep,
            self.mirror,
            self.regions,
            self.intake,
            self.operations,
            Tail(self.db, 1, 10),
        )

    @cached_property
    def regions(self) -> Regions:
        return Regions(self.db, self.clock, self.accounts)

    @property
    def audit(self) -> Audit:
        return Audit(self.db, self.clock, AuditSettings())

    @property
    def triggers(self) -> Triggers:
        return Triggers(self.db, self.clock)

    @property
    def webhooks(self) -> Webhooks:
        return Webhooks(self.db, self.clock, self.accounts.sealer, WebhookSettings(near=parse_networks("127.0.0.0/8")))

    @cached_property
    def upkeep(self) -> Upkeep:
        return Upkeep(self.db, self.blobs, self.clock, self.holder, self.upkeep_settings)

    @cached_property
    def mirror(self) -> Mirror:
        settings = MirrorSettings(docker_url="https://hub.registry.test")
        return Mirror(self.db, self.clock, self.registry, self.accounts.sealer, settings)

    @property
    def intake(self) -> Intake:
        return Intake(self.db, self.registry, self.clock, IntakeSettings())

    @property
    def oci(self) -> OciRooms:
        return OciRooms(self.accounts, self.credentials, self.registry, self.mirror, OciSettings())

    async def user(self, name: str, is_admin: bool = False) -> Actor:
        """A new user, signed in."""
        await create_user(self.accounts, self.admin, UserName.parse(name), PASSWORD, is_admin)
        return await self.sign_in(name)

    async def sign_in(self, name: str) -> Actor:
        return await sign_in(self.accounts, name, PASSWORD)

    async def key(self, actor: Actor | None = None) -> tuple[str, str]:
        """A new access key of the actor's, AK and SK; of the administrator's when nobody is named."""
        made = await create_key(self.accounts, actor or self.admin)
        return made.key.id, made.secret

    async def organization(self, name: str, by: Actor | None = None) -> OrganizationName:
        parsed = OrganizationName.parse(name)
        await create_organization(self.registry, by or self.admin, parsed)
        return parsed

    async def repository(self, path: str, is_public: bool = False, category: str = "other") -> RepositoryName:
        """A new, empty repository of an organization that is there."""
        parsed = RepositoryName.parse(path)
        await create_repository(self.registry, self.admin, parsed, is_public, category)
        return parsed

    async def grant(self, scope: str, user: str, level: Level) -> None:
        parsed = RepositoryName.parse(scope) if "/" in scope else OrganizationName.parse(scope)
        await add_members(self.registry, self.admin, parsed, [Wanted(user, level)])

    async def push(self, path: str, tag: str, image: Image | None = None) -> Image:
        """An image with its blobs, pushed by the administrator."""
        image, parsed = image or Image.make(), RepositoryName.parse(path)
        for blob in image.blobs:
            await self.push_blob(parsed, blob)
        await push_manifest(self.registry, self.admin, parsed, TagName.parse(tag), image.body, image.media_type)
        return image

    async def push_blob(self, path: RepositoryName, blob: Blob) -> None:
        await push_blob(self.registry, self.admin, path, blob.digest, _chunks(blob.content))

    async def domain(self, name: str) -> DomainName:
        """A new domain, with its administrator `boss`, who signs in as `NAME/boss`."""
        parsed = DomainName.parse(name)
        await create_domain(self.accounts, self.admin, parsed, UserName("boss"), PASSWORD)
        return parsed

    async def share(self, path: RepositoryName, receiver: DomainName, deadline: str = "forever") -> None:
        await share_repository(self.registry, self.admin, path, receiver, parse_deadline(deadline))

    async def publish(self, path: RepositoryName) -> None:
        """Let everybody read a repository."""
        await change_repository(self.registry, self.admin, path, is_public=True)


@asynccontextmanager
async def open_rooms(
    folder: Path, database_url: str = "", settings: RegistrySettings | None = None, work_url: str = ""
) -> AsyncIterator[Rooms]:
    """Rooms over the database at the URL, or over a file in `folder`; closed at the end of the block.

    A database that is given has its schema already and no rows.
    """
    if not database_url:
        database_url = f"sqlite:///{folder / 'entrepot.db'}"
        upgrade(database_url)
    clock, blobs = FakeClock(), MemoryStore()
    db = open_database(database_url, clock=clock)
    accounts = open_accounts(db, clock, Sealer(bytes(32)), ACCOUNT_SETTINGS)
    await ensure_first_admin(accounts, PASSWORD)
    admin = await sign_in(accounts, FIRST_ADMIN, PASSWORD)
    registry = Registry(db, blobs, clock, settings or RegistrySettings())
    runs = Runs(JobSettings(work_url or url_in(folder)))
    place = Place("memory:", "memory", database_url, None, [SettingShown("host", "127.0.0.1", "default")])
    operations = Operations(db, blobs, clock, runs, place)
    holder = open_holder(database_url)
    try:
        rooms = Rooms(db, blobs, clock, accounts, Credentials(accounts), registry, admin, operations, holder)
        yield rooms
        if "mirror" in vars(rooms):
            await rooms.mirror.running.close()
    finally:
        await runs.close()
        await holder.close()
        await blobs.close()
        await db.close()


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content
