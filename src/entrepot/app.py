"""The whole machine on one screen: rooms from settings, and what follows from what."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from entrepot.accounts import access_keys
from entrepot.accounts import jobs as accounts_jobs
from entrepot.accounts import keys as signing_keys
from entrepot.accounts.credentials import Credentials
from entrepot.accounts.room import Accounts, open_accounts
from entrepot.accounts.trust import providers
from entrepot.audit import jobs as audit_jobs
from entrepot.audit.room import Audit
from entrepot.audit.settings import AuditSettings
from entrepot.blobs.measured import MeasuredStore
from entrepot.blobs.opening import open_store
from entrepot.blobs.settings import BlobSettings
from entrepot.blobs.store import BlobStore
from entrepot.db.database import Database
from entrepot.db.holding import open_holder
from entrepot.db.opening import open_database
from entrepot.db.resealing import Sealed
from entrepot.doors.console.rooms import ConsoleRooms
from entrepot.doors.edges.door import EdgeRooms
from entrepot.doors.manage.rooms import ManageRooms
from entrepot.doors.oci.call import OciRooms, OciSettings
from entrepot.doors.oci.sampled import SampledPulls
from entrepot.doors.sign_on.door import SignOnRooms
from entrepot.intake import jobs as intake_jobs
from entrepot.intake.events import ArchiveHandedIn
from entrepot.intake.room import Intake
from entrepot.jobs.events import Event
from entrepot.jobs.living import Heartbeat, ProcessKind
from entrepot.jobs.notes import Notes
from entrepot.jobs.reactions import AnyJob, AnyReaction
from entrepot.jobs.runs import Runs
from entrepot.jobs.schedule import Schedule, every
from entrepot.jobs.tail import Tail
from entrepot.mirror import jobs as mirror_jobs
from entrepot.mirror import secrets as mirror_secrets
from entrepot.mirror.room import Mirror
from entrepot.mirror.virtual import jobs as virtual_jobs
from entrepot.operations.room import Operations
from entrepot.plumbing.clock import SystemClock
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.sealing import open_sealer
from entrepot.regions import jobs as regions_jobs
from entrepot.regions.room import Regions
from entrepot.registry import jobs as registry_jobs
from entrepot.registry.layers import Layers
from entrepot.registry.queries.names import domains_of
from entrepot.registry.room import Registry
from entrepot.room_settings import (
    account_settings,
    intake_settings,
    job_settings,
    listing_settings,
    mirror_settings,
    region_settings,
    registry_settings,
    upkeep_settings,
    webhook_settings,
)
from entrepot.settings import Settings
from entrepot.settings.place import place_of
from entrepot.triggers.room import Triggers
from entrepot.upkeep import jobs as upkeep_jobs
from entrepot.upkeep.events import (
    CollectionRequested,
    RetentionAsked,
    RetentionChanged,
    RetentionCreated,
    RetentionUndone,
    VerificationRequested,
    WideRetentionChanged,
    WideRetentionCreated,
)
from entrepot.upkeep.room import Upkeep
from entrepot.values.errors import StorageFull
from entrepot.webhooks import jobs as webhooks_jobs
from entrepot.webhooks import secrets as webhook_secrets
from entrepot.webhooks.room import Webhooks

_log = get_logger()

SECRET_KEY_FILE = "secret-key"  # noqa: S105  # a name
LOCK_FILE = "lock"
_NOTES_SECONDS = 1.0

# What follows from what.
SUBSCRIPTIONS: dict[type[Event], tuple[AnyReaction, ...]] = {
    ArchiveHandedIn: (intake_jobs.import_archive,),
    CollectionRequested: (upkeep_jobs.collect_asked,),
    RetentionCreated: (upkeep_jobs.retain_asked,),
    RetentionChanged: (upkeep_jobs.retain_asked,),
    WideRetentionCreated: (upkeep_jobs.retain_asked,),
    WideRetentionChanged: (upkeep_jobs.retain_asked,),
    RetentionAsked: (upkeep_jobs.retain_asked,),
    RetentionUndone: (upkeep_jobs.retain_asked,),
    VerificationRequested: (upkeep_jobs.verify_asked,),
}
# What is due when.
SCHEDULE: dict[AnyJob, Schedule] = {
    registry_jobs.forget_stale_uploads: every(hours=1, at_start=True),
    registry_jobs.sweep_parts: every(days=1, at_start=True),
    registry_jobs.measure_stores: every(hours=1, at_start=True),
    registry_jobs.forget_pulls: every(days=1, at_start=True),
    registry_jobs.warn_of_quotas: every(minutes=10, at_start=True),
    intake_jobs.forget_archives: every(hours=1),
    accounts_jobs.forget_expired_tokens: every(days=1),
    accounts_jobs.forget_guesses: every(minutes=10),
    audit_jobs.forget_old: every(hours=1),
    accounts_jobs.forget_used_signatures: every(minutes=10),
    accounts_jobs.forget_ended_logins: every(hours=1),
    upkeep_jobs.collect_due: every(minutes=5, at_start=True),
    upkeep_jobs.forget_history: every(hours=1),
    upkeep_jobs.find_strays: every(days=1),
    upkeep_jobs.verify_due: every(hours=1),
    upkeep_jobs.retain_due: every(hours=1, at_start=True),
    upkeep_jobs.forget_retained: every(days=1),
    webhooks_jobs.forget_deliveries: every(hours=1),
    mirror_jobs.forget_fetches: every(days=1),
    mirror_jobs.forget_copies: every(hours=1),
    mirror_jobs.forget_days: every(days=1),
    regions_jobs.forget_measures: every(hours=1),
    regions_jobs.tidy_warmups: every(minutes=10),
    mirror_jobs.trim: every(minutes=10),
    virtual_jobs.forget_digests: every(days=1),
}

# What is sealed, and where; `entrepot secrets rotate` seals all of it anew.
SEALED: tuple[Sealed, ...] = (
    signing_keys.SEALED,
    providers.SEALED,
    access_keys.SEALED,
    webhook_secrets.SEALED,
    mirror_secrets.SEALED,
    mirror_secrets.SEALED_OF_REGIONS,
)


@dataclass(frozen=True, slots=True)
class House:
    """All rooms of one process, open."""

    settings: Settings
    db: Database
    blobs: BlobStore
    accounts: Accounts
    credentials: Credentials
    registry: Registry
    audit: Audit
    triggers: Triggers
    webhooks: Webhooks
    upkeep: Upkeep
    mirror: Mirror
    regions: Regions
    intake: Intake
    operations: Operations
    tail: Tail

    @property
    def oci(self) -> OciRooms:
        settings = OciSettings(
            self.settings.external_url or "",
            self.settings.body_idle_seconds,
            (self.settings.mirror_docker_url or "").partition("://")[2],
        )
        every = self.settings.audit_pulls_every
        sampled = SampledPulls(self.accounts.notes, every) if every else None
        return OciRooms(self.accounts, self.credentials, self.registry, self.mirror, settings, sampled, self.regions)

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
            self.tail,
            registry_host=(self.settings.external_url or "").partition("://")[2],
            is_secure=(self.settings.external_url or "").startswith("https:"),
            json_bytes_max=self.settings.json_bytes_max,
            body_idle_seconds=self.settings.body_idle_seconds,
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
            self.tail,
            external_url=self.settings.external_url or "",
            form_bytes_max=self.settings.json_bytes_max,
            body_idle_seconds=self.settings.body_idle_seconds,
        )

    @property
    def edges(self) -> EdgeRooms:
        return EdgeRooms(self.regions, self.registry, self.credentials, self.settings.body_idle_seconds)

    @property
    def sign_on(self) -> SignOnRooms:
        return SignOnRooms(self.accounts, self.settings.external_url or "")

    @property
    def rooms(self) -> Mapping[type[Any], Any]:
        """Rooms by their type: what reactions and jobs are given."""
        rooms = (
            self.accounts,
            self.registry,
            self.audit,
            self.upkeep,
            self.mirror,
            self.regions,
            self.triggers,
            self.webhooks,
            self.intake,
        )
        return {type(room): room for room in rooms}

    async def close(self) -> None:
        await self.mirror.running.close()
        await self.operations.runs.close()
        await self.upkeep.holder.close()
        await self.accounts.close()
        await self.blobs.close()
        await self.db.close()


def open_house(settings: Settings, origins: Mapping[str, str] | None = None) -> House:
    """Open every room. Call it in the process and event loop that will use them.

    `origins`: where the settings came from, for who looks at them.
    """
    clock = SystemClock()
    db = open_database(settings.database_url, settings.db_pool_max, clock)
    blobs = MeasuredStore(
        open_store(settings.storage_url, BlobSettings(settings.free_bytes_min, settings.storage_redirect))
    )
    secret = settings.secret_key.get_secret_value() if settings.secret_key else None
    sealer = open_sealer(settings.data / SECRET_KEY_FILE, secret)
    notes = Notes(db, clock, settings.audit_notes_per_minute, _NOTES_SECONDS, domains_of)
    accounts = open_accounts(db, clock, sealer, account_settings(settings), notes)
    layers = Layers(listing_settings(settings), settings.files_kept_max)
    registry = Registry(db, blobs, clock, registry_settings(settings), layers=layers)
    audit = Audit(db, clock, AuditSettings(settings.audit_days))
    return House(
        settings,
        db,
        blobs,
        accounts,
        Credentials(accounts),
        registry,
        audit,
        Triggers(db, clock),
        Webhooks(db, clock, sealer, webhook_settings(settings)),
        Upkeep(db, blobs, clock, open_holder(settings.database_url), upkeep_settings(settings)),
        Mirror(db, clock, registry, sealer, mirror_settings(settings)),
        Regions(db, clock, accounts, region_settings(settings)),
        Intake(db, registry, clock, intake_settings(settings)),
        Operations(
            db, blobs, clock, Runs(job_settings(settings)), place_of(settings, origins), settings.backup_warn_days
        ),
        Tail(db, settings.live_seconds, settings.live_pages_max),
    )


def heartbeat_of(house: House, kind: ProcessKind) -> Heartbeat:
    """What says that this process lives."""
    return Heartbeat(house.db, house.registry.clock, kind, house.settings.heartbeat_seconds)


async def check_house(house: House) -> None:
    """Pass when database and storage answer. Raises what they raise.

    A full storage passes: it refuses uploads, but pulls need it, more than ever.
    """
    await asyncio.gather(house.db.check(), check_storage(house))


async def check_storage(house: House) -> None:
    try:
        await house.blobs.check()
    except StorageFull as error:
        _log.warning("the storage is full: uploads are refused", message=error.message)
