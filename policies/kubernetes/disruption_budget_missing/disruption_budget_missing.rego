# METADATA
# title: A drain may evict every pod of a Deployment at once
# description: >-
#   Without a disruption budget an upgrade of the nodes may evict all replicas together: the service is down although
#   every one of them is healthy.
# custom:
#   id: K8S011
#   severity: error
#   owner: reliability
#   remediation: Render a PodDisruptionBudget that selects the Deployment's pods.
#   section: High Availability, 1. Redundancy
package kubernetes.disruption_budget_missing

import data.lib.kubernetes
import rego.v1

examined contains pod if {
	some pod in kubernetes.pods
	pod.kind == "Deployment"
}

covered(pod) if {
	some budget in kubernetes.of("PodDisruptionBudget", pod.namespace)
	kubernetes.selects(object.get(budget.spec, ["selector", "matchLabels"], {}), pod.labels)
}

deny contains denial if {
	some pod in examined
	not covered(pod)
	denial := {
		"id": "K8S011",
		"message": sprintf("no disruption budget covers the Deployment %s", [pod.name]),
		"path": ["redundancy", "application"],
		"file": pod.file,
	}
}
