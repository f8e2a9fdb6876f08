"""The listeners of the proxy: one for the load balancer, over TLS, and one for the readings of its statistics.

Sources: ``load_balancing.application``, ``containers.sidecar.proxy.ports``, ``fault_tolerance.retry_policies``.
Upstream: https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.envoy.clusters import ADMIN, API, BUFFER_BYTES
from compiler.emit.envoy.ports import ANYWHERE, CONFIGURATION_FOLDER, SECRET_FILE, https_port, statistics_ports
from compiler.emit.envoy.second_line import second_line
from compiler.emit.envoy.timeouts import balancer_idle, client_idle, request_timeout
from compiler.emit.envoy.typed import message, typed
from compiler.emit.settings import RETRY_ATTEMPTS, RETRY_INITIAL_MILLISECONDS, RETRY_MAXIMUM_MILLISECONDS
from compiler.emit.text import milliseconds, seconds

if TYPE_CHECKING:
    from compiler.emit.site import Site

Fields = dict[str, Any]

CERTIFICATE = "server"
"""The name of the secret that holds the certificate of the pod."""

READ_PATHS = ("/ready", "/stats/prometheus")
"""The paths of the administration that are served to the cluster, by GET and without a query."""

RETRIED = "connect-failure,refused-stream,reset"
"""The failures after which a read is sent again: no answer has begun. An answer of the API, of any status, is final."""

UNBOUNDED = 2**32 - 1
"""The repetitions where no maximum is stated: the time of the request and the budget end them."""

_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = typed(
    "envoy.filters.http.router",
    "envoy.extensions.filters.http.router.v3.Router",
    # Clients are told nothing of what is behind the proxy.
    suppress_envoy_headers=True,
)


def listeners(site: Site) -> list[Fields]:
    """Return the listener of clients, and one for each port of statistics."""
    return [_clients(site), *(_statistics(port, site) for port in statistics_ports(site))]


def _clients(site: Site) -> Fields:
    manager = {
        # A client's address is the last one that the load balancer reports; the API reads the same list.
        "use_remote_address": True,
        "xff_num_trusted_hops": 1,
        # No client is inside: headers by which one could ask for repetitions or other timeouts are taken away.
        "internal_address_config": {"cidr_ranges": []},
        # Paths reach the API as they were sent: it refuses those that two programs read in two ways.
        "normalize_path": False,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        # The API gives requests their ids, and names itself.
        "generate_request_id": False,
        "server_header_transformation": "PASS_THROUGH",
        "common_http_protocol_options": {"idle_timeout": seconds(client_idle(site))},
        "request_timeout": seconds(request_timeout(site)),
        "stream_idle_timeout": seconds(balancer_idle(site)),
        "local_reply_config": {"body_format": _problem()},
        "http_filters": [second_line(site), _ROUTER],
    }
    return {
        "name": "clients",
        "address": _address(https_port(site)),
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [{"transport_socket": _tls(), "filters": [_http("clients", _routes(site), **manager)]}],
    }


def _statistics(port: int, site: Site) -> Fields:
    asked = {"name": ":method", "string_match": {"exact": "GET"}}
    read = [
        {
            # The pseudo-header has the query too, so that none comes with the path.
            "match": {"path": path, "headers": [asked, {"name": ":path", "string_match": {"exact": path}}]},
            "route": {"cluster": ADMIN, "timeout": seconds(request_timeout(site))},
        }
        for path in READ_PATHS
    ]
    nothing = {"match": {"prefix": "/"}, "direct_response": {"status": 404}}
    return {
        "name": f"statistics-{port}",
        "address": _address(port),
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [
            {"filters": [_http("statistics", [*read, nothing], http_filters=[_ROUTER], use_remote_address=True)]}
        ],
    }


def _routes(site: Site) -> list[Fields]:
    """Return the route of reads, which are sent again, and that of everything else, which never is."""
    reads = [{"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}]
    sent = {"cluster": API, "timeout": seconds(request_timeout(site))}
    return [
        {"name": "reads", "match": {"prefix": "/", "headers": reads}, "route": {**sent, "retry_policy": _retry(site)}},
        {"name": "changes", "match": {"prefix": "/"}, "route": sent},
    ]


def _retry(site: Site) -> Fields:
    """Return the repetitions of a read; Envoy's pauses are random parts, which grow up to the longest one."""
    patterns = site.spec.fault_tolerance.retry_policies.patterns
    longest = RETRY_MAXIMUM_MILLISECONDS if "Exponential backoff" in patterns else RETRY_INITIAL_MILLISECONDS
    return {
        "retry_on": RETRIED,
        "num_retries": RETRY_ATTEMPTS - 1 if "Maximum attempts" in patterns else UNBOUNDED,
        "retry_back_off": {
            "base_interval": milliseconds(RETRY_INITIAL_MILLISECONDS),
            "max_interval": milliseconds(longest),
        },
    }


def _problem() -> Fields:
    """Return the form of the proxy's own answers: problem details, as the API's (RFC 9457)."""
    members = {"type": "about:blank", "status": "%RESPONSE_CODE%", "detail": "%LOCAL_REPLY_BODY%"}
    return {"content_type": "application/problem+json", "json_format": members}


def _tls() -> Fields:
    """Return the end of TLS: the certificate is read again as soon as its files change."""
    source = {
        "path_config_source": {"path": f"{CONFIGURATION_FOLDER}/{SECRET_FILE}"},
        "resource_api_version": "V3",
    }
    return typed(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "alpn_protocols": ["http/1.1"],
            "tls_certificate_sds_secret_configs": [{"name": CERTIFICATE, "sds_config": source}],
        },
    )


def secret(folder: str) -> Fields:
    """Return the resource of the certificate: its two files, and the folder that is watched for a change of them."""
    pair = {"certificate_chain": {"filename": f"{folder}/tls.crt"}, "private_key": {"filename": f"{folder}/tls.key"}}
    certificate = {**pair, "watched_directory": {"path": folder}}
    kind = "envoy.extensions.transport_sockets.tls.v3.Secret"
    return {"resources": [message(kind, name=CERTIFICATE, tls_certificate=certificate)]}


def _address(port: int) -> Fields:
    return {"socket_address": {"address": ANYWHERE, "port_value": port}}


def _http(name: str, routes: list[Fields], **manager: Any) -> Fields:
    hosts = [{"name": name, "domains": ["*"], "routes": routes}]
    routing = {"name": name, "virtual_hosts": hosts}
    return typed(
        "envoy.filters.network.http_connection_manager",
        _MANAGER,
        stat_prefix=name,
        codec_type="HTTP1",
        route_config=routing,
        **manager,
    )
