# METADATA
# title: The loss of a zone leaves no PostgreSQL that may write
# description: >-
#   A standby is promoted only where so many of the candidates for synchronous replication are left that one of them
#   has every commit (R + W > N). The candidates are the first ready standbys by name, and the scheduler puts the first
#   instances into one zone each: as long as the primary and its candidates are as many as there are zones, none of
#   them goes down with the primary. After the loss of another zone, enough standbys have to be left for a commit.
#   All of this has to hold at every number of instances to which the Cluster is scaled.
# custom:
#   id: STO014
#   severity: error
#   owner: data
#   remediation: >-
#     List as many zones under environment.clusters as the primary and its candidates are, three by default, or render
#     a smaller maxStandbyNamesFromCluster.
#   section: High Availability, 1. Redundancy
package stores.zone_loss_leaves_no_quorum

import data.lib.kubernetes
import data.lib.stores
import data.thresholds
import rego.v1

zones := count(input.cluster.zones)

# The statements that decide how many instances there are, and over how many zones they are spread.
places := [
	["environment", "clusters", input.cluster.name, "zones"],
	["compute", "database_tier", "instances", "replicas", "min"],
	["compute", "database_tier", "instances", "replicas", "max"],
]

examined contains cluster if {
	input.environment.stage in thresholds.stages_that_survive_a_zone
	some item in stores.clusters
	synchronous := object.get(item.spec, ["postgresql", "synchronous"], null)
	is_object(synchronous)
	some instances in stores.counts(item)
	cluster := {
		"item": item,
		"instances": instances,
		"waited": synchronous.number,
		"candidates": stores.candidates(item, instances),
	}
}

# The candidates that may go down with the primary: all of these instances, spread over the zones, but itself.
beside_primary(cluster) := stores.ceiling(cluster.candidates + 1, zones) - 1

left(cluster) := (cluster.instances - 1) - stores.ceiling(cluster.instances, zones)

deny contains denial if {
	some cluster in examined
	lost := beside_primary(cluster)
	cluster.waited <= lost
	denial := {
		"id": "STO014",
		"message": sprintf(
			"with %d instances of %s in %d zones, the primary's zone may take %d of its %d candidates: %s",
			[
				cluster.instances, cluster.item.name, zones, lost, cluster.candidates,
				"who is left may lack a commit, and nobody is promoted",
			],
		),
		"path": ["environment", "clusters", input.cluster.name, "zones"],
		"places": places,
		"given": [["environment", "stage"]],
		"wanted": sprintf("%d zones", [cluster.candidates + 1]),
		"file": cluster.item.file,
		"pointer": "/spec/postgresql/synchronous",
	}
}

deny contains denial if {
	some cluster in examined
	standbys := left(cluster)
	standbys < cluster.waited
	denial := {
		"id": "STO014",
		"message": sprintf(
			"with %d instances of %s in %d zones, the loss of one may leave %d standbys, and a commit waits for %d",
			[cluster.instances, cluster.item.name, zones, max([0, standbys]), cluster.waited],
		),
		"path": ["environment", "clusters", input.cluster.name, "zones"],
		"places": places,
		"given": [["environment", "stage"]],
		"wanted": "3 zones",
		"file": cluster.item.file,
		"pointer": "/spec/postgresql/synchronous",
	}
}
