# METADATA
# title: A lost zone blocks new pods in the others
# description: >-
#   The nodes of a lost zone stay listed, with a taint. A required spread that does not honour taints counts that zone as
#   one without pods, so that the healthy zones take no more than maxSkew each, and the rest stay pending until the zone
#   is back. The same holds for more minDomains than there are zones left. Pods that operators make are meant, too.
# custom:
#   id: K8S037
#   severity: error
#   owner: reliability
#   remediation: >-
#     Set nodeTaintsPolicy to Honor, and no minDomains, in every topologySpreadConstraint that is DoNotSchedule.
#   section: High Availability, 1. Redundancy
package kubernetes.lost_zone_blocks_pods

import data.lib.literals
import rego.v1

# The required spreads of every object, at any depth. Most objects are passed over whole.
examined contains spread if {
	some document in literals.files
	contains(document.text, "topologySpreadConstraints")
	walk(document.object, [path, constraints])
	count(path) > 0
	path[count(path) - 1] == "topologySpreadConstraints"
	some index, constraint in constraints
	object.get(constraint, "whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"
	spread := {
		"file": document.file,
		"kind": document.object.kind,
		"name": object.get(document.object, ["metadata", "name"], ""),
		"constraint": constraint,
		"pointer": sprintf("/%s/%d", [concat("/", [sprintf("%v", [key]) | some key in path]), index]),
	}
}

faults(constraint) := ["nodeTaintsPolicy is not Honor" |
	object.get(constraint, "nodeTaintsPolicy", "Ignore") != "Honor"
]

demands(constraint) := [sprintf("minDomains is %v", [least]) |
	least := object.get(constraint, "minDomains", 1)
	least != 1
]

deny contains denial if {
	some spread in examined
	some fault in array.concat(faults(spread.constraint), demands(spread.constraint))
	denial := {
		"id": "K8S037",
		"message": sprintf("a lost zone blocks new pods of the %s %s: %s", [spread.kind, spread.name, fault]),
		"path": ["redundancy", "application", "deployment"],
		"file": spread.file,
		"pointer": spread.pointer,
	}
}
