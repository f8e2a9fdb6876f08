# METADATA
# title: All pods of a Deployment may run in one zone
# description: >-
#   The specification spreads pods over zones. Without a constraint that the scheduler has to keep, all replicas may
#   land in one zone, and go down with it.
# custom:
#   id: K8S018
#   severity: error
#   owner: reliability
#   remediation: Give the pods a topologySpreadConstraint over zones that is DoNotSchedule, or switch zone_spread off.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.zone_spread_missing

import data.lib.kubernetes
import rego.v1

examined contains pod if {
	input.spec.orchestration.configuration.affinity.zone_spread == true
	some pod in kubernetes.pods
	pod.kind == "Deployment"
}

spread(pod) if {
	some constraint in object.get(pod.spec, "topologySpreadConstraints", [])
	constraint.topologyKey == "topology.kubernetes.io/zone"
	constraint.whenUnsatisfiable == "DoNotSchedule"
	kubernetes.selects(object.get(constraint, ["labelSelector", "matchLabels"], {}), pod.labels)
}

deny contains denial if {
	some pod in examined
	not spread(pod)
	denial := {
		"id": "K8S018",
		"message": sprintf("the pods of the Deployment %s need not be spread over zones", [pod.name]),
		"path": ["orchestration", "configuration", "affinity", "zone_spread"],
		"file": pod.file,
		"pointer": sprintf("%s/topologySpreadConstraints", [pod.pointer]),
	}
}
