# METADATA
# title: A cluster that stands by does not replicate the one that serves
# description: >-
#   It would start with a database of its own, empty or as old as its first backup, under the name of a copy. When
#   it has to serve, all data since then is missing.
# custom:
#   id: STO009
#   severity: error
#   owner: data
#   remediation: List Asynchronous secondary in redundancy.data.replication, or remove the cluster that stands by.
#   section: High Availability, 1. Redundancy
package stores.replica_source_missing

import data.lib.stores
import rego.v1

primaries contains name if {
	some name, cluster in input.environment.clusters
	cluster.role == "primary"
}

# Until it has said where its log ends, the predecessor in a handover is followed.
primaries contains name if {
	some cluster in input.environment.clusters
	handover := object.get(cluster, "handover", null)
	is_object(handover)
	name := handover.predecessor
}

examined contains cluster if {
	input.cluster.role == "recovery"
	some cluster in stores.clusters
}

replicates(cluster) if {
	replica := object.get(cluster.spec, "replica", {})
	replica.self == input.cluster.name
	replica.primary in primaries
	replica.source in {source.name | some source in object.get(cluster.spec, "externalClusters", [])}
	replica.source != replica.self
}

deny contains denial if {
	some cluster in examined
	not replicates(cluster)
	denial := {
		"id": "STO009",
		"message": sprintf("%s in %s is no replica of the cluster that serves", [cluster.name, input.cluster.name]),
		"path": ["redundancy", "data", "replication"],
		"file": cluster.file,
		"pointer": "/spec/replica",
	}
}
