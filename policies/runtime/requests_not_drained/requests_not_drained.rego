# METADATA
# title: A pod stops before load balancers know that it does
# description: >-
#   A deleted pod is told to stop while load balancers still send it requests, until they have learned of it.
#   Without a wait before the signal every deployment answers some requests with a refused connection.
# custom:
#   id: RUN006
#   severity: error
#   owner: reliability
#   remediation: Give the container a preStop hook that sleeps for some seconds.
#   section: High Availability, 1. Redundancy
package runtime.requests_not_drained

import data.lib.kubernetes
import data.thresholds.least_drain_seconds
import rego.v1

# The containers that serve the API: they listen where the settings say.
examined contains container if {
	some container in kubernetes.containers
	some port in object.get(container.fields, "ports", [])
	port.containerPort == input.settings.process.port
}

deny contains denial if {
	some container in examined
	wait := object.get(container.fields, ["lifecycle", "preStop", "sleep", "seconds"], 0)
	wait < least_drain_seconds
	denial := {
		"id": "RUN006",
		"message": sprintf(
			"the container %s stops %d seconds after its pod was deleted, and requests arrive for %d",
			[container.name, wait, least_drain_seconds],
		),
		"path": ["redundancy", "application", "failover"],
		"file": container.file,
		"pointer": sprintf("%s/lifecycle", [container.pointer]),
	}
}
