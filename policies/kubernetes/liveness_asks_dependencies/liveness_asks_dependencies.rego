# METADATA
# title: A liveness probe depends on other services
# description: >-
#   A pod that is not ready gets no requests; a pod that is not alive is killed. Where both ask the same, every pod is
#   restarted when the database is slow, again and again, and the outage outlives its cause.
# custom:
#   id: K8S028
#   severity: error
#   owner: reliability
#   remediation: Let the liveness probe ask the process alone, and the readiness probe what it depends on.
#   section: Deployment Configuration, 1. Container Configuration
package kubernetes.liveness_asks_dependencies

import data.lib.kubernetes
import rego.v1

examined contains probe if {
	some container in kubernetes.containers
	live := object.get(container.fields, ["livenessProbe", "httpGet", "path"], null)
	live != null
	ready := object.get(container.fields, ["readinessProbe", "httpGet", "path"], "")
	probe := {"container": container, "path": live, "dependent": {ready, input.settings.process.ready_path}}
}

deny contains denial if {
	some probe in examined
	probe.path in probe.dependent
	container := probe.container
	denial := {
		"id": "K8S028",
		"message": sprintf(
			"the container %s is restarted where %s fails, which is asked for readiness",
			[container.name, probe.path],
		),
		"path": container.path,
		"file": container.file,
		"pointer": sprintf("%s/livenessProbe/httpGet/path", [container.pointer]),
	}
}
