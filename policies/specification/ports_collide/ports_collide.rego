# METADATA
# title: Two containers of a pod listen on one port
# description: >-
#   The containers of a pod share one network. The second that binds a port fails, and the pod restarts for ever.
# custom:
#   id: CON021
#   severity: error
#   owner: platform
#   remediation: Give every container of the pod a port of its own.
#   section: Deployment Configuration, 1. Container Configuration
package specification.ports_collide

import rego.v1

examined contains listener if {
	path := ["containers", "application", "health_check", "port"]
	listener := {"path": path, "port": input.spec.containers.application.health_check.port}
}

examined contains listener if {
	some name, sidecar in input.spec.containers.sidecar
	some index, port in sidecar.ports
	listener := {"path": ["containers", "sidecar", name, "ports", index], "port": port}
}

deny contains denial if {
	some listener in examined

	# Of two listeners the later one is denied; the application comes before its sidecars.
	some other in examined
	listener.port == other.port
	listener.path > other.path
	denial := {
		"id": "CON021",
		"message": sprintf("port %d is also the port of %s.%s", [listener.port, other.path[1], other.path[2]]),
		"path": listener.path,
		"places": [listener.path, other.path],
	}
}
