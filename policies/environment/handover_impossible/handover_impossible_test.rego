package environment.handover_impossible_test

import data.environment.handover_impossible
import rego.v1

stated(role, handover) := {
	"cluster": {"name": "b", "role": role, "handover": handover},
	"environment": {"clusters": {"a": {"role": "recovery"}, "b": {"role": role}, "c": {"role": "primary"}}},
	"spec": {"redundancy": {"data": {"replication": ["Asynchronous secondary"]}}},
}

test_no_handover_and_one_from_a_cluster_that_stands_by_pass if {
	every handover in [null, {"predecessor": "a"}, {"predecessor": "a", "token": "t"}] {
		handover_impossible.deny == set() with input as stated("primary", handover)
	}
}

test_each_impossibility_is_named if {
	every case in [
		["recovery", "a", "b cannot take over: it is stated at a cluster that stands by"],
		["primary", "b", "b cannot take over: b is no other cluster of the environment"],
		["primary", "c", "b cannot take over: c is a primary itself"],
	] {
		denials := handover_impossible.deny with input as stated(case[0], {"predecessor": case[1]})
		{denial.message | some denial in denials} == {case[2]}
	}
}

test_clusters_with_data_of_their_own_hand_nothing_over if {
	document := object.union(stated("primary", {"predecessor": "a"}), {"spec": {"redundancy": {"data": {"replication": []}}}})
	denials := handover_impossible.deny with input as document
	{denial.message | some denial in denials} == {"b cannot take over: the clusters do not replicate each other's data"}
}
