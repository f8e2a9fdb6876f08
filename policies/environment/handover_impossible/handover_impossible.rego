# METADATA
# title: A handover that nobody can carry out
# description: >-
#   A cluster takes over from one that served, stands by from now on, and holds the same data. A handover that says
#   anything else leaves an environment in which nobody serves.
# custom:
#   id: DEP018
#   severity: error
#   owner: reliability
#   remediation: State the handover at the primary, with a predecessor that is another cluster of the role recovery.
#   section: Disaster Recovery, 2. Recovery Plans
package environment.handover_impossible

import rego.v1

examined contains handover if {
	stated := object.get(input.cluster, "handover", null)
	is_object(stated)
	others := [other.role |
		some name, other in input.environment.clusters
		name == stated.predecessor
		name != input.cluster.name
	]
	handover := {"predecessor": stated.predecessor, "roles": others}
}

reasons(handover) := {"it is stated at a cluster that stands by" | input.cluster.role != "primary"} |
	{sprintf("%s is no other cluster of the environment", [handover.predecessor]) | count(handover.roles) == 0} |
	{sprintf("%s is a primary itself", [handover.predecessor]) | "primary" in handover.roles} |
	{"the clusters do not replicate each other's data" | not replicated}

replicated if "Asynchronous secondary" in input.spec.redundancy.data.replication

deny contains denial if {
	some handover in examined
	some reason in reasons(handover)
	denial := {
		"id": "DEP018",
		"message": sprintf("%s cannot take over: %s", [input.cluster.name, reason]),
		"path": ["environment", "clusters", input.cluster.name, "handover"],
	}
}
