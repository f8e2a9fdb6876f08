# METADATA
# title: A handover cannot be carried out
# description: >-
#   The predecessor of a handover is another cluster of the environment, has served, stands by from now on, and
#   holds the same data. Any other handover leaves an environment in which no cluster serves.
# custom:
#   id: DEP018
#   severity: error
#   owner: reliability
#   remediation: State the handover at the primary, with a predecessor that is another cluster of the role recovery.
#   section: Disaster Recovery, 2. Recovery Plans
package environment.handover_impossible

import rego.v1

examined contains input.cluster

reasons(predecessor) := {"it is stated at a cluster that stands by" | input.cluster.role != "primary"} |
	{sprintf("%s is no other cluster of the environment", [predecessor]) | count(roles(predecessor)) == 0} |
	{sprintf("%s is a primary itself", [predecessor]) | "primary" in roles(predecessor)} |
	{"the clusters do not replicate each other's data" | not replicated}

# The role of the other cluster of that name, where there is one.
roles(predecessor) := {other.role |
	some name, other in input.environment.clusters
	name == predecessor
	name != input.cluster.name
}

replicated if "Asynchronous secondary" in input.spec.redundancy.data.replication

deny contains denial if {
	some cluster in examined
	handover := object.get(cluster, "handover", null)
	is_object(handover)
	some reason in reasons(handover.predecessor)
	denial := {
		"id": "DEP018",
		"message": sprintf("%s cannot take over: %s", [input.cluster.name, reason]),
		"path": ["environment", "clusters", input.cluster.name, "handover"],
	}
}
