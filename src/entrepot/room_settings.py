"""What each room is told: the settings of the server, room by room."""

from entrepot.accounts.initial_password import FILE_NAME
from entrepot.accounts.settings import AccountSettings
from entrepot.archives.settings import ArchiveSettings, ListingSettings
from entrepot.intake.settings import IntakeSettings
from entrepot.jobs.settings import JobSettings
from entrepot.mirror.places import Place
from entrepot.mirror.settings import MirrorSettings
from entrepot.plumbing.mailing import MailServer, Security
from entrepot.plumbing.networks import parse_networks
from entrepot.regions.settings import RegionSettings
from entrepot.registry.settings import RegistrySettings
from entrepot.settings import Settings
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.values.label import LabelLimits
from entrepot.values.location import Location
from entrepot.values.manifest import ManifestLimits
from entrepot.webhooks.settings import WebhookSettings

SCRATCH_FOLDER = "scratch"
JOBS_FILE = "jobs.sqlite3"


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
        docker_url=settings.mirror_docker_url or "",
        upstream_seconds_max=settings.mirror_upstream_seconds_max,
        sync_at_once=settings.sync_at_once,
        sync_bytes_per_second=settings.sync_bytes_per_second,
        sync_seconds_max=settings.sync_seconds_max,
        sync_attempts=settings.sync_attempts,
        sync_retry_seconds=settings.sync_retry_seconds,
        sync_history_days=settings.sync_history_days,
        idle_poll_seconds=settings.jobs_poll_seconds,
    )


def region_settings(settings: Settings) -> RegionSettings:
    location = Location.parse(settings.region_location) if settings.region_location else None
    return RegionSettings(
        center=Place(parse_networks(settings.region_cidrs), location),
        geoip_file=settings.geoip_file,
        report_seconds=settings.edge_report_seconds,
        decision_seconds=settings.edge_decision_seconds,
        offline_seconds=settings.edge_offline_seconds,
        url_seconds=settings.edge_url_seconds,
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
