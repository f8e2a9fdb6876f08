# METADATA
# title: A pod is killed before it has finished its requests
# description: >-
#   Kubernetes kills a pod when its grace period ends. The period has to hold the wait before the stop signal and
#   then the time that the process gives its last requests; otherwise every deployment cuts some of them off.
# custom:
#   id: RUN003
#   severity: error
#   owner: reliability
#   remediation: Make terminationGracePeriodSeconds longer than the preStop hook and the process' shutdown together.
#   section: High Availability, 1. Redundancy
package runtime.grace_period_too_short

import data.lib.kubernetes
import rego.v1

# The pods that run the API: the container listens where the settings say.
examined contains pod if {
	some container in kubernetes.containers
	some port in object.get(container.fields, "ports", [])
	port.containerPort == input.settings.process.port
	pod := {
		"container": container.name,
		"grace": object.get(container.pod, "terminationGracePeriodSeconds", 30),
		"wait": object.get(container.fields, ["lifecycle", "preStop", "sleep", "seconds"], 0),
		"file": container.file,
	}
}

deny contains denial if {
	some pod in examined
	shutdown := input.settings.process.shutdown_seconds
	needed := pod.wait + shutdown
	pod.grace <= needed
	denial := {
		"id": "RUN003",
		"message": sprintf(
			"the container %s has %d seconds to end, and takes up to %d (%d before the signal + %d)",
			[pod.container, pod.grace, needed, pod.wait, shutdown],
		),
		"path": ["connections", "database", "timeout"],
		"file": pod.file,
	}
}
