# METADATA
# title: The loss of one replica stops every commit
# description: >-
#   Where a commit is required to reach standbys, the primary waits while there are fewer of them. With no more
#   replicas than it waits for, or no more that are candidates, the restart of one of them stops every write.
# custom:
#   id: STO005
#   severity: error
#   owner: data
#   remediation: >-
#     Raise compute.database_tier.instances.replicas.min above the number of standbys that a commit waits for.
#   section: High Availability, 1. Redundancy
package stores.replica_loss_stops_commits

import data.lib.stores
import rego.v1

examined contains cluster if {
	some cluster in stores.clusters
	object.get(cluster.spec, ["postgresql", "synchronous", "dataDurability"], "") == "required"
}

deny contains denial if {
	some cluster in examined
	waited := cluster.spec.postgresql.synchronous.number
	replicas := stores.candidates(cluster, object.get(cluster.spec, "instances", 1))
	replicas <= waited
	denial := {
		"id": "STO005",
		"message": sprintf(
			"a commit in %s waits for %d of %d replicas: without one of them nothing can be written",
			[cluster.name, waited, replicas],
		),
		"path": ["compute", "database_tier", "instances", "replicas", "min"],
		"places": [
			["compute", "database_tier", "instances", "replicas", "min"],
			["redundancy", "data", "replication"],
		],
		"file": cluster.file,
		"pointer": "/spec/postgresql/synchronous",
	}
}
