package stores.zone_loss_leaves_no_quorum_test

import data.stores.zone_loss_leaves_no_quorum
import rego.v1

scaled(most) := {"file": "s.yaml", "object": {
	"kind": "ScaledObject",
	"metadata": {"name": "s", "namespace": "n"},
	"spec": {"scaleTargetRef": {"kind": "Cluster", "name": "db"}, "minReplicaCount": 3, "maxReplicaCount": most},
}}

placed(zones, synchronous, others) := {
	"environment": {"stage": "production"},
	"cluster": {"name": "here", "zones": zones},
	"documents": array.concat(others, [{"file": "c.yaml", "object": {
		"kind": "Cluster",
		"metadata": {"name": "db", "namespace": "n"},
		"spec": {"instances": 3, "postgresql": {"synchronous": synchronous}},
	}}]),
}

capped := {"number": 1, "maxStandbyNamesFromCluster": 2}

test_capped_candidates_survive_at_every_number if {
	zone_loss_leaves_no_quorum.deny == set() with input as placed(["a", "b", "c"], capped, [scaled(7)])
}

test_a_replica_of_each_scaled_number_is_a_candidate_without_a_cap if {
	denials := zone_loss_leaves_no_quorum.deny with input as placed(["a", "b", "c"], {"number": 1}, [scaled(4)])
	{denial.message | some denial in denials} == {concat(" ", [
		"with 4 instances of db in 3 zones, the primary's zone may take 1 of its 3 candidates:",
		"who is left may lack a commit, and nobody is promoted",
	])}
}

test_two_zones_are_too_few if {
	denials := zone_loss_leaves_no_quorum.deny with input as placed(["a", "b"], capped, [])
	{[denial.message, denial.wanted] | some denial in denials} == {
		[
			concat(" ", [
				"with 3 instances of db in 2 zones, the primary's zone may take 1 of its 2 candidates:",
				"who is left may lack a commit, and nobody is promoted",
			]),
			"3 zones",
		],
		[
			"with 3 instances of db in 2 zones, the loss of one may leave 0 standbys, and a commit waits for 1",
			"3 zones",
		],
	}
}

test_development_may_go_down_with_a_zone if {
	found := object.union(placed(["a"], capped, []), {"environment": {"stage": "development"}})
	zone_loss_leaves_no_quorum.examined == set() with input as found
}
