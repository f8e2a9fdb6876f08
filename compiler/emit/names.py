"""Names by which the emitted documents refer to each other, each written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.model.network import Zone

API = "configuration-api"
DATABASE = "configuration-db"
POOLER = f"{DATABASE}-pooler-rw"
READ_POOLER = f"{DATABASE}-pooler-ro"
DATABASE_NAME = "configuration"
DATABASE_ROLE = "configuration_api"
# It has the former password of that role for a while after a rotation, and its rights.
DATABASE_PREVIOUS = "configuration_api_previous"
DATABASE_MIGRATOR = "configuration_migrator"
# The name by which the operator makes a new database's first owner, which it remains: the operator refuses another one.
DATABASE_OWNER = "configuration_bootstrap"
DATABASE_STANDBY = "configuration_standby"
DATABASE_MANAGER = "vault_manager"
DATABASE_MANAGER_SECRET = f"{DATABASE}-vault"
DATABASE_QUERIES = f"{DATABASE}-queries"
DATABASE_RESTORED = f"{DATABASE}-restored"
CACHE = "configuration-cache"
SENTINEL = f"{CACHE}-sentinel"
CACHE_MASTER_GROUP = "configuration"
DATA_VOLUMES = "premium-ssd-data"
LOG_VOLUMES = "premium-ssd-log"
CACHE_VOLUMES = "premium-ssd-cache"
VOLUME_SNAPSHOTS = "premium-ssd"
DEFAULT_DENY = "default-deny"

IMAGES_ADMITTED = "cbp-images-by-digest"
SECRETS_ADMITTED = "cbp-secrets-from-operators"
ZONES_ADMITTED = "cbp-zones-by-label"
COPIES_ADMITTED = "cbp-copies-by-restore-tests"

ADAPTER_RULES = "prometheus-adapter-rules"
DASHBOARD = "configuration-dashboard"
NODE_METRICS = "node-metrics"
PROBES = "probes"

VAULT_KV = "cbp"
VAULT_DATABASE = "database"
VAULT_SIGNING = "signing"
DATA = "configuration-data"
MIGRATION = "configuration-migration"
MIGRATION_SECRETS = f"{MIGRATION}-secrets"
MIGRATION_CREDENTIALS = f"{MIGRATION}-credentials"
AUDIT = "configuration-audit"
RESTORE_TEST = "configuration-restore-test"
CONFIGURATION_SNAPSHOTS = "configuration-snapshots"
API_SECRETS = f"{API}-secrets"
API_CLIENT = f"{API}-client"
API_CREDENTIALS = f"{API}-credentials"
DATA_SECRETS = f"{DATA}-secrets"
CERTIFICATES = f"{DATA}-certificates"
DATABASE_SERVER = f"{DATABASE}-server"
STANDBY = "configuration-standby"
STANDBY_CERTIFICATE = f"{STANDBY}-client-cert"
CACHE_SERVER = f"{CACHE}-server"
API_SUBSCRIBERS = f"{API}-subscribers"
API_CONNECTORS = f"{API}-connectors"
API_ISSUERS = f"{API}-issuers"
API_AUTHORITY = f"{API}-authority"
API_SERVER = f"{API}-server"
API_CERTIFICATES = f"{API}-certificates"
API_PROXY = f"{API}-proxy"
AUTHORITY_FILE = "ca.crt"
MANAGER_PATH = "vault-manager"
CACHE_PATH = "cache"
SUBSCRIBERS_PATH = "subscribers"
CONNECTORS_PATH = "connectors"
KEYS_PATH = "signing-keys"
NOTIFICATION_KEYS_PATH = "notification-keys"

POSTGRES_PORT = 5432
POSTGRES_STATUS_PORT = 8000
POSTGRES_METRICS_PORT = 9187
POOLER_METRICS_PORT = 9127
REDIS_PORT = 6379
SENTINEL_PORT = 26379
REDIS_METRICS_PORT = 9121
PROMETHEUS_PORT = 9090
HTTP_PORT = 80
HTTPS_PORT = 443
DNS_PORT = 53


def namespace(zone: Zone) -> str:
    """Return the namespace of a zone of the network."""
    return f"cbp-{zone}"


def host(service: str, zone: Zone) -> str:
    """Return the DNS name of a Service within its cluster."""
    return f"{service}.{namespace(zone)}.svc"


def pod_names(stateful_set: str, replicas: int) -> tuple[str, ...]:
    """Return the DNS names of the pods of a stateful set of the data zone, behind its headless Service."""
    return tuple(host(f"{stateful_set}-{index}.{stateful_set}-headless", "data") for index in range(replicas))
