"""The whole machine on one screen: rooms from settings, and what follows from what."""

import asyncio
from dataclasses import dataclass

from entrepot.accounts.credentials import Credentials
from entrepot.accounts.room import Accounts, open_accounts
from entrepot.accounts.settings import AccountSettings
from entrepot.blobs.opening import open_store
from entrepot.blobs.settings import BlobSettings
from entrepot.blobs.store import BlobStore
from entrepot.db.database import Database, open_database
from entrepot.doors.manage.rooms import ManageRooms
from entrepot.doors.oci.call import OciRooms, OciSettings
from entrepot.plumbing.clock import SystemClock
from entrepot.plumbing.sealing import Sealer, load_key
from entrepot.registry.room import Registry
from entrepot.registry.settings import RegistrySettings
from entrepot.settings import Settings
from entrepot.values.manifest import ManifestLimits

SECRET_KEY_FILE = "secret-key"


@dataclass(frozen=True, slots=True)
class House:
    """All rooms of one process, open."""

    settings: Settings
    db: Database
    blobs: BlobStore
    accounts: Accounts
    credentials: Credentials
    registry: Registry

    @property
    def oci(self) -> OciRooms:
        settings = OciSettings(self.settings.external_url or "", self.settings.body_idle_seconds)
        return OciRooms(self.accounts, self.credentials, self.registry, settings)

    @property
    def manage(self) -> ManageRooms:
        return ManageRooms(
            self.accounts,
            self.credentials,
            self.registry,
            registry_host=(self.settings.external_url or "").partition("://")[2],
            json_bytes_max=self.settings.json_bytes_max,
            body_idle_seconds=self.settings.body_idle_seconds,
        )

    async def close(self) -> None:
        await self.blobs.close()
        await self.db.close()


def open_house(settings: Settings) -> House:
    """Open every room. Call it in the process and event loop that will use them."""
    clock = SystemClock()
    db = open_database(settings.database_url, settings.db_pool_max)
    blobs = open_store(settings.storage_url, BlobSettings(settings.free_bytes_min, settings.storage_redirect))
    secret = settings.secret_key.get_secret_value() if settings.secret_key else None
    sealer = Sealer(load_key(settings.data / SECRET_KEY_FILE, secret))
    accounts = open_accounts(db, clock, sealer, account_settings(settings))
    registry = Registry(db, blobs, clock, registry_settings(settings))
    return House(settings, db, blobs, accounts, Credentials(accounts), registry)


def account_settings(settings: Settings) -> AccountSettings:
    return AccountSettings(
        service=settings.service,
        anonymous_pull=settings.anonymous_pull,
        token_seconds=settings.token_seconds,
        refresh_token_seconds=settings.refresh_token_seconds,
        signing_key_seconds=settings.signing_key_seconds,
        password_chars_min=settings.password_chars_min,
        argon2_memory_kib=settings.argon2_memory_bytes // 1024,
        argon2_passes=settings.argon2_passes,
        argon2_at_once=settings.argon2_at_once,
    )


def registry_settings(settings: Settings) -> RegistrySettings:
    return RegistrySettings(
        manifest=ManifestLimits(body_bytes_max=settings.manifest_bytes_max),
        blob_bytes_max=settings.blob_bytes_max,
        upload_idle_seconds=settings.upload_idle_seconds,
        uploads_open_max=settings.uploads_open_max,
        page_max=settings.page_max,
        referrers_page_max=settings.referrers_page_max,
        redirect_seconds=settings.storage_redirect_seconds,
    )


async def check_house(house: House) -> None:
    """Pass when database and storage answer. Raises what they raise."""
    await asyncio.gather(house.db.check(), house.blobs.check())
