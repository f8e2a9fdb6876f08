# METADATA
# title: The proxy's time limits do not hold each other
# description: >-
#   An answer of the API has to end before the proxy gives it up, and that before the load balancer does: otherwise a
#   client is told of a failure while its change is made. An idle connection has to be closed by the side that sends
#   requests on it; otherwise one meets a connection that was just closed.
# custom:
#   id: PRX001
#   severity: error
#   owner: reliability
#   remediation: >-
#     Make the proxy's timeout longer than the API's answer and shorter than the load balancer's, its idle timeout towards
#     the load balancer longer than that one's, and its idle timeout towards the API shorter than the API's.
#   section: Infrastructure Scaling, 3. Load Balancing
package proxy.timeouts_do_not_nest

import data.lib.balancers
import data.lib.proxy
import rego.v1

# Envoy's own limits, where none is stated, in seconds; none at all is stated as 0.
request_default := 15

idle_default := 3600

forever := 4294967295

protocol := "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

# Each route to the API, with its limits.
examined contains way if {
	some found in proxy.leading_to(input.settings.process.port)
	protocols := object.get(found.server.fields, ["typed_extension_protocol_options", protocol], {})
	way := {
		"timeout": limit(object.get(found.route.action, "timeout", request_default)),
		"client_idle": limit(idle(found.route.manager.fields)),
		"server_idle": limit(idle(protocols)),
		"route": found.route.pointer,
		"manager": found.route.manager.pointer,
		"server": found.server.pointer,
	}
}

idle(fields) := object.get(fields, ["common_http_protocol_options", "idle_timeout"], idle_default)

limit(seconds) := seconds if seconds > 0

limit(0) := forever

answer := input.settings.database.connect_timeout_seconds + input.settings.database.statement_timeout_seconds

faults contains [way, pointer, fault] if {
	some way in examined
	pointer := way.route
	way.timeout <= answer
	fault := sprintf("gives up after %d seconds, and an answer may take %d", [way.timeout, answer])
}

faults contains [way, pointer, fault] if {
	some way in examined
	pointer := way.route
	some balancer in balancers.found
	way.timeout >= balancer.idle
	fault := sprintf("waits for %d seconds, and the load balancer for %d", [way.timeout, balancer.idle])
}

faults contains [way, pointer, fault] if {
	some way in examined
	pointer := way.manager
	some balancer in balancers.found
	way.client_idle <= balancer.idle
	fault := sprintf(
		"closes a connection after %d idle seconds, and the load balancer after %d",
		[way.client_idle, balancer.idle],
	)
}

faults contains [way, pointer, fault] if {
	some way in examined
	pointer := way.server
	keep := input.settings.process.keep_alive_seconds
	way.server_idle >= keep
	fault := sprintf("keeps a connection for %d idle seconds, and the API for %d", [way.server_idle, keep])
}

deny contains denial if {
	some way in examined
	some [faulty, pointer, fault] in faults
	faulty == way
	denial := {
		"id": "PRX001",
		"message": sprintf("the proxy %s", [fault]),
		"path": ["connections", "database", "timeout"],
		"file": input.proxy.file,
		"pointer": pointer,
	}
}
