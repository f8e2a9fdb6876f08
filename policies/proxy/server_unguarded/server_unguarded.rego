# METADATA
# title: The proxy sends requests to a server without limits or without knowing its health
# description: >-
#   Where a server hangs, requests pile up in the proxy until its memory is spent. A circuit breaker bounds what is in
#   progress, and a health check finds a server that does not answer before every request has waited for it.
# custom:
#   id: PRX005
#   severity: error
#   owner: reliability
#   remediation: >-
#     State max_connections, max_pending_requests and max_requests of the server, and a health check.
#   section: High Availability, 2. Fault Tolerance
package proxy.server_unguarded

import data.lib.proxy
import rego.v1

bounds := ["max_connections", "max_pending_requests", "max_requests"]

examined contains server if {
	some found in proxy.leading_to(input.settings.process.port)
	server := found.server
}

faults contains [server, sprintf("without %s", [bound])] if {
	some server in examined
	some bound in bounds
	stated := [threshold[bound] | some threshold in server.fields.circuit_breakers.thresholds]
	count(stated) == 0
}

faults contains [server, "without asking for its health"] if {
	some server in examined
	count(object.get(server.fields, "health_checks", [])) == 0
}

deny contains denial if {
	some server in examined
	some [faulty, fault] in faults
	faulty == server
	denial := {
		"id": "PRX005",
		"message": sprintf("the proxy sends requests to %s %s", [server.fields.name, fault]),
		"path": ["fault_tolerance", "circuit_breakers", "implementation"],
		"file": input.proxy.file,
		"pointer": server.pointer,
	}
}
