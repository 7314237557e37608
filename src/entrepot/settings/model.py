"""Every setting of the server, one line each: name, type, default, help.

Names end in their unit; durations may be written `30s` or `24h`, sizes `4MiB`. Where the values come
from, and what is said about a wrong one, is in `sources.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    model_validator,
)

from entrepot.plumbing.networks import parse_networks
from entrepot.plumbing.units import parse_bytes, parse_seconds
from entrepot.values.errors import ParameterInvalid
from entrepot.values.label import VALUE_BYTES_LIMIT
from entrepot.values.location import Location

DAY = 86_400
KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
PASSWORD_CHARS_MIN = 8


def _from_text(parse: Callable[[str], int]) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(value.strip()) if isinstance(value, str) else value)


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _origin_of_clients(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError(
            "should be http:// or https:// with a host and nothing after it, as https://images.example.com"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _password(password: SecretStr) -> SecretStr:
    if len(password) < PASSWORD_CHARS_MIN:
        raise ValueError(f"should have at least {PASSWORD_CHARS_MIN} characters")
    return password


def _database_url(url: str) -> str:
    if urlsplit(url).scheme not in ("sqlite", "postgresql"):
        raise ValueError("should begin with sqlite:/// or postgresql://")
    return url


def _storage_url(url: str) -> str:
    if "://" in url and urlsplit(url).scheme not in ("file", "s3"):
        raise ValueError("should be a folder, or begin with file:// or s3://")
    return url


def _networks(text: str) -> str:
    try:
        parse_networks(text)
    except ValueError:
        raise ValueError("should be addresses or networks with commas between them, as 127.0.0.1, 10.0.0.0/8") from None
    return text


def _location(text: str) -> str:
    try:
        return str(Location.parse(text)) if text else ""
    except ParameterInvalid as error:
        raise ValueError(error.message) from None


Seconds = Annotated[int, _from_text(parse_seconds), "seconds"]
Bytes = Annotated[int, _from_text(parse_bytes), "bytes"]
File = Annotated[Path, AfterValidator(_absolute)]
Url = Annotated[str, "url"]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the settings page; called, it declares a setting beneath it.

    `shown` stands in the documentation for a default that depends on other settings.
    """

    title: str

    def __call__(self, default: Any, text: str, *, shown: str | None = None, **limits: Any) -> Any:
        about: dict[str, JsonValue] = {"section": self.title, "shown": shown}
        if callable(default):
            return Field(default_factory=default, description=text, json_schema_extra=about, **limits)
        return Field(default, description=text, json_schema_extra=about, **limits)


listening = Section("Listening")
keeping = Section("Keeping")
limits = Section("Limits")
people = Section("People")
running = Section("Running")
telling = Section("Telling others")
mirroring = Section("Mirrors and regions")
edging = Section("Edges")


class Settings(BaseModel):
    """The effective settings of one installation: checked, frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    # One line each, so that the whole list can be read like a table.
    # fmt: off
    config: File | None = running(None, "TOML file to read settings from; flags and environment variables win over it.")

    region: str = listening("local", "What clients know as this installation's region, and as the name of their project.", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    host: str = listening("127.0.0.1", "Address to listen on; 0.0.0.0 or :: for every network of this machine.", min_length=1)
    port: int = listening(5000, "TCP port to listen on.", ge=1, le=65_535)
    workers: int = listening(1, "Server processes. One answers over 20,000 requests a second; more need as many cores.", ge=1, le=256)
    tls_cert: File | None = listening(None, "PEM file with the certificate and its chain; with it the server speaks HTTPS only.")
    tls_key: File | None = listening(None, "PEM file with the private key of tls_cert.")
    external_url: Annotated[str, AfterValidator(_origin_of_clients)] | None = listening(None, "Address clients use, when a proxy stands in front; otherwise the Host header of each request counts.")
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = listening("", "Addresses and networks of the proxies in front, as 127.0.0.1, 10.0.0.0/8: what they say about a client's address and scheme is believed, and nobody else's word.")
    proxy_header: Literal["x-forwarded-for", "forwarded"] = listening("x-forwarded-for", "The header in which these proxies write the client's address.")
    connections_max: int = listening(1_024, "Connections one worker serves at once; more wait until one ends.", ge=1)
    header_seconds: Seconds = listening(30, "How long a client may take to send the head of a request.", ge=1)
    body_idle_seconds: Seconds = listening(60, "How long a client may send nothing in the middle of a body.", ge=1)
    read_ahead_bytes: Bytes = listening(MIB, "How much of one body the server reads ahead: more makes uploads faster, less bounds what a client that stalls in the middle of one costs (up to four times as much).", ge=8 * KIB, le=64 * MIB)
    drain_seconds: Seconds = listening(30, "How long running requests may go on after SIGTERM.", ge=0)

    data: File = keeping("entrepot-data", "Folder for everything kept on this machine: SQLite, blobs, keys.", shown="./entrepot-data")
    database_url: Annotated[Url, AfterValidator(_database_url)] = keeping(lambda given: f"sqlite:///{given['data']}/entrepot.db", "Where facts are kept: sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME when there are several servers.", shown="sqlite:///DATA/entrepot.db")
    secret_key: SecretStr | None = keeping(None, "Key that seals secrets at rest: base64 of 32 bytes, the same on every replica; without it one is made in DATA/secret-key. While it is replaced, several with commas between them: the first one seals, all open (entrepot secrets rotate).")
    db_pool_max: int = keeping(10, "PostgreSQL connections of one worker.", ge=1, le=1_000)
    storage_url: Annotated[Url, AfterValidator(_storage_url)] = keeping(lambda given: f"{given['data']}/storage", "Where blobs are kept: a folder, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME (credentials from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY).", shown="DATA/storage")
    free_bytes_min: Bytes = keeping(256 * MIB, "Free space on the storage's disk below which uploads are refused.", ge=0)
    storage_redirect: bool = keeping(True, "Send clients to S3 with a presigned URL for blobs; off, the server streams them.")
    storage_redirect_seconds: Seconds = keeping(1_200, "How long such a URL is valid.", ge=1, le=7 * DAY)

    manifest_bytes_max: Bytes = limits(4 * MIB, "Largest manifest accepted.", ge=1, le=64 * MIB)
    config_bytes_max: Bytes = limits(MIB, "Largest configuration of an image that is read to be shown; pulls and pushes are not limited by it.", ge=1 * KIB, le=64 * MIB)
    labels_max: int = limits(64, "Labels of one version, those of its configuration before its annotations, that the search knows; 0 for none.", ge=0, le=1_000)
    label_value_bytes_max: Bytes = limits(KIB, "Longest value of a label that the search knows.", ge=1, le=VALUE_BYTES_LIMIT)
    files_entries_max: int = limits(100_000, "Names that are read of one layer, to show what is in it.", ge=1, le=10_000_000)
    files_bytes_max: Bytes = limits(4_096 * MIB, "Unpacked bytes of one layer that are gone over for that.", ge=1 * MIB)
    files_name_chars_max: int = limits(4_096, "Longest name in a layer that is shown; the list ends at a longer one.", ge=1, le=65_536)
    files_seconds_max: Seconds = limits(20, "How long the layers of one image may be read for that.", ge=1, le=600)
    files_kept_max: int = limits(200_000, "Names that a worker remembers, of all layers it has read, and again of all images they make; 100,000 take about 60 MiB.", ge=0)
    blob_bytes_max: Bytes = limits(0, "Largest blob accepted; 0 for no limit.", ge=0)
    json_bytes_max: Bytes = limits(1 * MIB, "Largest request body of the management API.", ge=1 * KIB)
    upload_idle_seconds: Seconds = limits(1 * DAY, "An upload nobody continues for this long is forgotten.", ge=1)
    uploads_open_max: int = limits(1_000, "Uploads one account may have open at once.", ge=1)
    archive_bytes_max: Bytes = limits(10 * GIB, "Largest archive of images accepted for import: through the console or the management API.", ge=1 * KIB)
    archive_unpacked_bytes_max: Bytes = limits(64 * GIB, "What a compressed archive, or its layers, may unpack to; a worker needs as much room in DATA/scratch.", ge=1 * MIB)
    archives_open_max: int = limits(20, "Archives one account may have under way at once.", ge=1)
    archive_wait_seconds: Seconds = limits(7 * DAY, "How long an archive waits for a worker, and what became of it is told.", ge=60)
    quota_organizations: int = limits(0, "Organizations a domain may have, where nothing else was set for it (entrepot quota set); 0 for no limit.", ge=0)
    quota_repositories: int = limits(0, "Repositories a domain may have; 0 for no limit.", ge=0)
    quota_tags: int = limits(0, "Tags a domain may have; 0 for no limit.", ge=0)
    quota_bytes: Bytes = limits(0, "Bytes of blobs a domain may have, each blob counted once; 0 for no limit.", ge=0)
    quota_warn_percent: int = limits(90, "Percent of a quota from which on it is told that it is nearly used up (quota.warning); 0: never.", ge=0, le=100)
    page_max: int = limits(1_000, "Longest page of tags or repositories; a client that asks for more gets this many and a link.", ge=1, le=10_000)
    referrers_page_max: int = limits(1_000, "Longest page of referrers.", ge=1, le=10_000)

    admin_password: Annotated[SecretStr, AfterValidator(_password)] | None = people(None, "Password of the administrator `admin` at the first start; without it a random one is printed once and kept in DATA/initial-admin-password until it is changed.")
    anonymous_pull: bool = people(True, "Public repositories can be pulled without signing in.")
    service: str = people("entrepot", "Name of this registry in the tokens it issues; replicas share it.", pattern=r"^[A-Za-z0-9._:-]+$")
    token_seconds: Seconds = people(300, "How long a token for pulls and pushes is valid.", ge=1, le=1 * DAY)
    refresh_token_seconds: Seconds = people(30 * DAY, "How long a refresh token is valid.", ge=1)
    signing_key_seconds: Seconds = people(30 * DAY, "Age at which the key that signs tokens is replaced.", ge=1)
    management_token_seconds: Seconds = people(DAY, "How long a token for X-Auth-Token is valid.", ge=60, le=DAY)
    session_seconds: Seconds = people(7 * DAY, "How long a browser stays signed in at most.", ge=60, le=400 * DAY)
    session_idle_seconds: Seconds = people(DAY, "How long a browser stays signed in that nobody uses.", ge=60, le=400 * DAY)
    docker_login_seconds: Seconds = people(DAY, "How long a docker login is valid that a call made (create_secret), where the caller does not say.", ge=900, le=DAY)
    keys_max: int = people(2, "Access keys one user may have.", ge=1, le=100)
    password_chars_min: int = people(PASSWORD_CHARS_MIN, "Shortest password accepted.", ge=1, le=256)
    login_tries_account: int = people(10, "Wrong passwords in a row for one account, after which it has to wait: 1 second, then twice as long after each.", ge=1)
    login_tries_address: int = people(100, "The same for one address, whatever the accounts.", ge=1)
    login_wait_seconds_max: Seconds = people(900, "The longest wait; after it one password may be tried again.", ge=1, le=1 * DAY)
    login_forget_seconds: Seconds = people(3_600, "After this time without a wrong password the count begins anew.", ge=60)
    argon2_memory_bytes: Bytes = people(19 * MIB, "Memory one password check takes (Argon2id).", ge=8 * KIB)
    argon2_passes: int = people(2, "Passes of one password check over that memory.", ge=1, le=64)
    argon2_at_once: int = people(2, "Password checks one worker runs at the same time; more wait.", ge=1, le=64)
    ldap_at_once: int = people(4, "Logins one worker asks LDAP directories about at the same time; more wait.", ge=1, le=64)
    ldap_seconds: Seconds = people(5, "How long a directory may take for each step of a login.", ge=1, le=60)

    mirror_networks: Annotated[str, AfterValidator(_networks)] = mirroring("", "Private networks that the upstream of a mirror, or a region, may send us on to, as 10.0.0.0/8, 192.168.7.4; its own address may be anywhere.")
    mirror_docker_url: Annotated[str, AfterValidator(_origin_of_clients)] | None = mirroring(None, "Address by which Docker Engines reach this service as their mirror of Docker Hub: a host of its own, as https://hub.example.com, at which every name is one of Docker Hub.")
    mirror_upstream_seconds_max: Seconds = mirroring(20, "How long nothing may come from an upstream before its next address is asked, or what is here is served stale.", ge=1, le=600)

    edge_report_seconds: Seconds = mirroring(2, "How often edges report; after three times as long without a word nobody is sent to one.", ge=1, le=60)
    edge_decision_seconds: Seconds = mirroring(15, "How long an edge goes by what it was told about somebody's right to pull; so long a right lives on there that was taken away.", ge=1, le=30)
    edge_offline_seconds: Seconds = mirroring(3_600, "How long an edge does that when it cannot reach this installation.", ge=0, le=7 * DAY)
    edge_url_seconds: Seconds = mirroring(20, "How long an address is valid by which a client is sent on to an edge for one blob; so long, too, a right lives on there that was taken away.", ge=5, le=30)

    edge_center: Annotated[str, AfterValidator(_origin_of_clients)] | None = edging(None, "The installation that this edge is a node of, as https://images.example.com (entrepot edge --central).")
    edge_token: SecretStr | None = edging(None, "Token to join a region with, once; what the edge gets for it is kept in DATA/edge.json.")
    edge_region: str = edging("", "Region that the token must be for; empty: whichever it is for.", max_length=64)
    edge_name: str = edging("", "Name of this edge; without it one is made of the machine's name and the port.", max_length=64)
    edge_capacity_bytes: Bytes = edging(100 * GIB, "How much this edge keeps; what nobody pulled for longest goes first.", ge=MIB)
    edge_authority: File | None = edging(None, "PEM file with certificates of who signs the center's certificate, where that is nobody this machine knows.")

    sync_at_once: int = mirroring(2, "Copies to and from regions that a worker carries out at the same time.", ge=1, le=32)
    sync_bytes_per_second: Bytes = mirroring(0, "Bytes that all copies to and from regions together move each second; 0: as fast as it goes.", ge=0)
    sync_seconds_max: Seconds = mirroring(6 * 3_600, "How long a copy to a region may take; then it ends as timeout, and what arrived stays there.", ge=1)
    sync_attempts: int = mirroring(5, "How often in a row a copy to a region that breaks off is begun, before it ends as failed.", ge=1, le=100)
    sync_retry_seconds: Seconds = mirroring(30, "How long a copy to a region that broke off waits for its second attempt; each further pause is three times as long, an hour at most.", ge=1, le=3_600)
    region_location: Annotated[str, AfterValidator(_location)] = mirroring("", "Where this installation itself is: degrees north and degrees east, as 52.52,13.4. Clients nearer to it than to any region are served here.")
    region_cidrs: Annotated[str, AfterValidator(_networks)] = mirroring("", "Networks whose clients this installation itself serves, whatever regions there are, as 10.0.0.0/8, 2001:db8::/32; of several networks a client is in, the longest counts.")
    geoip_file: File | None = mirroring(None, "File in MaxMind's format (.mmdb) that tells where addresses are, as GeoLite2-City: places clients whose network no region names. It is read again when it changes. Needs the extra geoip.")
    sync_history_days: int = mirroring(90, "Days for which it is kept what became of copies to regions.", ge=1, le=3_650)

    webhook_networks: Annotated[str, AfterValidator(_networks)] = telling("", "Private networks that webhooks may reach, also without TLS, as 10.0.0.0/8, 192.168.7.4; everywhere else they need a public address and https.")
    webhook_seconds_max: Seconds = telling(10, "How long the target of a webhook may take to answer.", ge=1, le=120)
    webhook_retry_seconds: Seconds = telling(3 * DAY, "How long a delivery that fails is tried again; then its webhook pauses.", ge=60, le=30 * DAY)
    webhook_history_seconds: Seconds = telling(30 * DAY, "How long deliveries are kept and shown; what waits for a paused webhook goes then, too.", ge=3_600)
    webhook_rotation_seconds: Seconds = telling(DAY, "How long the old secret of a webhook signs beside a new one.", ge=0, le=30 * DAY)
    smtp_host: str | None = telling(None, "Server that mail is handed to; without one nobody can have mail sent.", min_length=1)
    smtp_port: int = telling(587, "Its port: 587 as a rule with starttls, 465 with tls.", ge=1, le=65_535)
    smtp_security: Literal["starttls", "tls", "none"] = telling("starttls", "How the connection to it is protected.")
    smtp_user: str | None = telling(None, "Name to sign in there with; without it there is no sign-in.")
    smtp_password: SecretStr | None = telling(None, "Password of smtp_user.")
    smtp_from: str = telling("entrepot@localhost", "Address that mail comes from.", pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$")
    webhooks_max: int = telling(100, "Webhooks an organization may have, with those of its repositories.", ge=1, le=10_000)
    webhooks_at_once: int = telling(32, "Requests to webhooks a worker makes at the same time; one target gets 4 of them at most.", ge=1, le=1_000)

    accounting_seconds: Seconds = running(10, "How often a worker writes down the pulls it counted in memory; a crash loses no more than these.", ge=1, le=3_600)
    accounting_days: int = running(400, "Days for which pulls are kept by tag and day; totals stay.", ge=31)
    gc_grace: Seconds = running(DAY, "How long what nothing refers to any more stays before garbage collection reviews it. A push that takes longer than this may find its first layers gone.", ge=0)
    verify_every_seconds: Seconds = running(DAY, "A verification (entrepot verify) begins by itself when the last one was begun so long ago; looked at once an hour, 0: never.", ge=0)
    verify_bytes_per_second: Bytes = running(50 * MIB, "Bytes that a deep verification reads from the storage each second; 0: as fast as it can.", ge=0)
    verify_deep_days: int = running(0, "A deep verification begins by itself when the last one was begun so many days ago; 0: never.", ge=0, le=3650)
    backup_warn_days: int = running(0, "Operators are warned when the last backup (entrepot backup) is older than so many days; 0 for no warning.", ge=0, le=3650)
    read_only: bool = running(
        False, "Start read-only: nothing is changed, and pulls go on; as `entrepot maintenance on --read-only`."
    )
    history_days: int = running(14, "Days for which it is kept what tags named before, where an organization says nothing else; after them what only history named is garbage.", ge=0, le=3650)
    retention_hour: int = running(3, "The hour, in UTC, from which on retention rules are carried out each day; a rule that is made or changed is carried out at once.", ge=0, le=23)
    retention_share_percent: int = running(50, "Retention that is due by the clock deletes nothing where it would delete more of a repository's tags than this, and more than ten; who asks for it by hand is not held up.", ge=1, le=100)
    retention_jump_days: int = running(7, "When no worker looked at the clock for longer than this, it jumped or nothing ran: retention pauses; 0 for never.", ge=0, le=3650)
    retention_pause_days: int = running(3, "Days for which retention then deletes nothing, unless somebody asks for it by hand and insists.", ge=1, le=365)
    retention_history_days: int = running(90, "Days for which it is kept what retention deleted, tag by tag; older runs cannot be looked at or undone.", ge=1, le=3650)
    retention_preview_tags: int = running(200_000, "Tags after which a preview of retention rules looks at no more repositories; the numbers it shows are then of those it looked at.", ge=1_000, le=10_000_000)
    audit_days: int = running(365, "Days for which events are kept: what changed, who signed in, what was refused; 0 for ever.", ge=0)
    audit_notes_per_minute: int = running(600, "Logins, refusals and sampled pulls that each server process writes into the audit, one by one; more are told as a number.", ge=1, le=100_000)
    audit_pulls_every: int = running(0, "Of so many pulls one is written into the audit; 0 for none, 1 for each.", ge=0)
    live_pages_max: int = running(1_000, "Open pages of the console, and programs that follow the event feed, that one server process tells about changes; more pages have to be loaded again by hand.", ge=0)
    live_seconds: Seconds = running(1, "How soon an open page hears of a change.", ge=1, le=60)
    job_worker: bool = running(True, "Start a job worker beside the server; off where `entrepot worker` runs on its own.")
    heartbeat_seconds: Seconds = running(30, "How often each process says that it lives; after three times as long it counts as dead.", ge=1, le=3_600)
    jobs_at_once: int = running(4, "Jobs one worker runs at the same time; more wait.", ge=1, le=256)
    jobs_poll_seconds: Seconds = running(1, "How long an idle job worker waits until it looks for new events again.", ge=1, le=60)
    log_format: Literal["console", "json"] = running("console", "console for people, json for collectors.")
    log_level: Literal["debug", "info", "warning", "error"] = running("info", "Least severe message that is logged.")
    # fmt: on

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("the settings tls_cert and tls_key belong together: give both, or neither")
        return self

    @property
    def is_tls(self) -> bool:
        return self.tls_cert is not None
