# METADATA
# title: The proxy's administration is reached from outside of its pod
# description: >-
#   The administration of Envoy stops it, changes its logs, and shows its configuration, to whoever connects. It is open
#   to the pod alone. What the cluster may see of it, its readiness and its metrics, is passed on by a listener that
#   takes GET of exactly these paths.
# custom:
#   id: PRX003
#   severity: error
#   owner: security
#   remediation: >-
#     Bind the administration to the loopback address, and lead to it only from /ready and /stats/prometheus, by GET and
#     without a query.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package proxy.administration_reached

import data.lib.proxy
import rego.v1

read := {"/ready", "/stats/prometheus"}

loopback := {"127.0.0.1", "::1"}

examined contains address if address := input.proxy.admin.address

# An address is the pod's own where it is of loopback, or a socket in its file system.
inside(address) if address.socket_address.address in loopback

inside(address) if "pipe" in object.keys(address)

# only says that a route takes one path, by one method, and no query: the pseudo-header has the query, too.
only(match) if {
	match.path in read
	proxy.asked_by(match) == {"GET"}
	some header in match.headers
	header.name == ":path"
	header.string_match == {"exact": match.path}
}

deny contains denial if {
	some address in examined
	not inside(address)
	denial := {
		"id": "PRX003",
		"message": sprintf(
			"the administration of the proxy listens at %s",
			[object.get(address, ["socket_address", "address"], "an unknown address")],
		),
		"path": ["containers", "sidecar", "proxy", "image"],
		"file": input.proxy.file,
		"pointer": "/admin/address",
	}
}

deny contains denial if {
	some address in examined
	some found in proxy.leading_to(address.socket_address.port_value)
	match := found.route.match
	not only(match)
	denial := {
		"id": "PRX003",
		"message": sprintf(
			"the listener %s leads to the administration of the proxy by more than a reading",
			[found.route.manager.listener],
		),
		"path": ["containers", "sidecar", "proxy", "image"],
		"file": input.proxy.file,
		"pointer": found.route.pointer,
	}
}
