"""The whole machine on one screen: rooms from settings, and what follows from what."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from entrepot.accounts import access_keys
from entrepot.accounts import jobs as accounts_jobs
from entrepot.accounts import keys as signing_keys
from entrepot.accounts.credentials import Credentials
from entrepot.accounts.initial_password import FILE_NAME
from entrepot.accounts.room import Accounts, open_accounts
from entrepot.accounts.settings import AccountSettings
from entrepot.accounts.trust import providers
from entrepot.archives.settings import ArchiveSettings, ListingSettings
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
from entrepot.doors.manage.rooms import ManageRooms
from entrepot.doors.oci.call import OciRooms, OciSettings
from entrepot.doors.oci.sampled import SampledPulls
from entrepot.doors.sign_on.door import SignOnRooms
from entrepot.intake import jobs as intake_jobs
from entrepot.intake.events import ArchiveHandedIn
from entrepot.intake.room import Intake
from entrepot.intake.settings import IntakeSettings
from entrepot.jobs.events import Event
from entrepot.jobs.living import Heartbeat, ProcessKind
from entrepot.jobs.notes import Notes
from entrepot.jobs.reactions import AnyJob, AnyReaction
from entrepot.jobs.runs import Runs
from entrepot.jobs.schedule import Schedule, every
from entrepot.jobs.settings import JobSettings
from entrepot.jobs.tail import Tail
from entrepot.mirror import jobs as mirror_jobs
from entrepot.mirror import secrets as mirror_secrets
from entrepot.mirror.room import Mirror
from entrepot.mirror.settings import MirrorSettings
from entrepot.operations.room import Operations
from entrepot.plumbing.clock import SystemClock
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.mailing import MailServer, Security
from entrepot.plumbing.networks import parse_networks
from entrepot.plumbing.sealing import open_sealer
from entrepot.registry import jobs as registry_jobs
from entrepot.registry.layers import Layers
from entrepot.registry.queries.names import domains_of
from entrepot.registry.room import Registry
from entrepot.registry.settings import RegistrySettings
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
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.values.errors import StorageFull
from entrepot.values.label import LabelLimits
from entrepot.values.manifest import ManifestLimits
from entrepot.webhooks import jobs as webhooks_jobs
from entrepot.webhooks import secrets as webhook_secrets
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.settings import WebhookSettings

_log = get_logger()

SECRET_KEY_FILE = "secret-key"  # noqa: S105  # a name
JOBS_FILE = "jobs.sqlite3"
LOCK_FILE = "lock"
SCRATCH_FOLDER = "scratch"
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
}

# What is sealed, and where; `entrepot secrets rotate` seals all of it anew.
SEALED: tuple[Sealed, ...] = (
    signing_keys.SEALED,
    providers.SEALED,
    access_keys.SEALED,
    webhook_secrets.SEALED,
    mirror_secrets.SEALED,
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
    intake: Intake
    operations: Operations
    tail: Tail

    @property
    def oci(self) -> OciRooms:
        settings = OciSettings(self.settings.external_url or "", self.settings.body_idle_seconds)
        every = self.settings.audit_pulls_every
        sampled = SampledPulls(self.accounts.notes, every) if every else None
        return OciRooms(self.accounts, self.credentials, self.registry, self.mirror, settings, sampled)

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
            self.intake,
            self.operations,
            self.tail,
            external_url=self.settings.external_url or "",
            form_bytes_max=self.settings.json_bytes_max,
            body_idle_seconds=self.settings.body_idle_seconds,
        )

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
        Intake(db, registry, clock, intake_settings(settings)),
        Operations(
            db, blobs, clock, Runs(job_settings(settings)), place_of(settings, origins), settings.backup_warn_days
        ),
        Tail(db, settings.live_seconds, settings.live_pages_max),
    )


def account_settings(settings: Settings) -> AccountSettings:
    return AccountSettings(
        service=settings.service,
        anonymous_pull=settings.anonymous_pull,
        token_seconds=settings.token_seconds,
        refresh_token_seconds=settings.refresh_token_seconds,
        signing_key_seconds=settings.signing_key_seconds,
        password_chars_min=settings.password_chars_min,
        login_tries_account=settings.login_tries_account,
        login_tries_address=settings.login_tries_address,
        login_wait_seconds_max=settings.login_wait_seconds_max,
        login_forget_seconds=settings.login_forget_seconds,
        argon2_memory_kib=settings.argon2_memory_bytes // 1024,
        argon2_passes=settings.argon2_passes,
        argon2_at_once=settings.argon2_at_once,
        ldap_at_once=settings.ldap_at_once,
        ldap_seconds=settings.ldap_seconds,
        keys_max=settings.keys_max,
        management_token_seconds=settings.management_token_seconds,
        session_seconds=settings.session_seconds,
        session_idle_seconds=settings.session_idle_seconds,
        docker_login_seconds=settings.docker_login_seconds,
        region=settings.region,
        initial_password_file=settings.data / FILE_NAME,
    )


def upkeep_settings(settings: Settings) -> UpkeepSettings:
    return UpkeepSettings(
        gc_grace_seconds=settings.gc_grace,
        history_days=settings.history_days,
        accounting_days=settings.accounting_days,
        retention_hour=settings.retention_hour,
        retention_share_percent=settings.retention_share_percent,
        retention_preview_tags=settings.retention_preview_tags,
        retention_jump_days=settings.retention_jump_days,
        retention_pause_days=settings.retention_pause_days,
        retention_history_days=settings.retention_history_days,
        verify_bytes_per_second=settings.verify_bytes_per_second,
        verify_every_seconds=settings.verify_every_seconds,
        verify_deep_days=settings.verify_deep_days,
    )


def registry_settings(settings: Settings) -> RegistrySettings:
    return RegistrySettings(
        manifest=ManifestLimits(body_bytes_max=settings.manifest_bytes_max),
        blob_bytes_max=settings.blob_bytes_max,
        upload_idle_seconds=settings.upload_idle_seconds,
        uploads_open_max=settings.uploads_open_max,
        config_bytes_max=settings.config_bytes_max,
        labels=LabelLimits(settings.labels_max, settings.label_value_bytes_max),
        files_seconds_max=settings.files_seconds_max,
        page_max=settings.page_max,
        referrers_page_max=settings.referrers_page_max,
        redirect_seconds=settings.storage_redirect_seconds,
        quota_organizations=settings.quota_organizations,
        quota_repositories=settings.quota_repositories,
        quota_tags=settings.quota_tags,
        quota_warn_percent=settings.quota_warn_percent,
        quota_bytes=settings.quota_bytes,
        archive_bytes_max=settings.archive_bytes_max,
        accounting_seconds=settings.accounting_seconds,
        accounting_days=settings.accounting_days,
        history_days=settings.history_days,
    )


def listing_settings(settings: Settings) -> ListingSettings:
    return ListingSettings(
        entries_max=settings.files_entries_max,
        bytes_max=settings.files_bytes_max,
        name_chars_max=settings.files_name_chars_max,
    )


def intake_settings(settings: Settings) -> IntakeSettings:
    return IntakeSettings(
        archives_open_max=settings.archives_open_max,
        wait_seconds=settings.archive_wait_seconds,
        scratch=settings.data / SCRATCH_FOLDER,
        archive=ArchiveSettings(
            unpacked_bytes_max=settings.archive_unpacked_bytes_max,
            scratch_bytes_max=settings.archive_unpacked_bytes_max,
        ),
    )


def webhook_settings(settings: Settings) -> WebhookSettings:
    scheme = "https" if settings.is_tls else "http"
    return WebhookSettings(
        source=settings.external_url or f"{scheme}://{settings.host}:{settings.port}",
        near=parse_networks(settings.webhook_networks),
        seconds_max=settings.webhook_seconds_max,
        retry_seconds=settings.webhook_retry_seconds,
        history_seconds=settings.webhook_history_seconds,
        rotation_seconds=settings.webhook_rotation_seconds,
        mail=mail_server(settings),
        webhooks_max=settings.webhooks_max,
        at_once=settings.webhooks_at_once,
        idle_poll_seconds=settings.jobs_poll_seconds,
    )


def mirror_settings(settings: Settings) -> MirrorSettings:
    return MirrorSettings(
        near=parse_networks(settings.mirror_networks),
        upstream_seconds_max=settings.mirror_upstream_seconds_max,
    )


def mail_server(settings: Settings) -> MailServer | None:
    if settings.smtp_host is None:
        return None
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        Security(settings.smtp_security),
        settings.smtp_from,
        settings.smtp_user or "",
        settings.smtp_password.get_secret_value() if settings.smtp_password else "",
    )


def job_settings(settings: Settings) -> JobSettings:
    is_sqlite = settings.database_url.startswith("sqlite:")
    return JobSettings(
        system_url=f"sqlite:///{settings.data / JOBS_FILE}" if is_sqlite else settings.database_url,
        at_once=settings.jobs_at_once,
        idle_poll_seconds=settings.jobs_poll_seconds,
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
