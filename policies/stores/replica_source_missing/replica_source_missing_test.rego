package stores.replica_source_missing_test

import data.stores.replica_source_missing
import rego.v1

cluster(role) := {
	"environment": {"clusters": {"a": {"role": "primary"}, "b": {"role": role}}},
	"cluster": {"name": "b", "role": role},
	"documents": [{"file": "c.yaml", "object": {"kind": "Cluster", "metadata": {"name": "db"}, "spec": {}}}],
}

test_a_cluster_that_serves_replicates_nobody if replica_source_missing.deny == set() with input as cluster("primary")

test_in_a_handover_the_predecessor_is_followed if {
	replica := {"self": "c", "primary": "a", "source": "a"}
	sources := [{"name": "a"}, {"name": "b"}, {"name": "c"}]
	document := {
		"environment": {"clusters": {
			"a": {"role": "recovery"},
			"b": {"role": "primary", "handover": {"predecessor": "a", "token": null}},
			"c": {"role": "recovery"},
		}},
		"cluster": {"name": "c", "role": "recovery"},
		"documents": [{"file": "c.yaml", "object": {
			"kind": "Cluster",
			"metadata": {"name": "db"},
			"spec": {"replica": replica, "externalClusters": sources},
		}}],
	}
	replica_source_missing.deny == set() with input as document
}

test_a_cluster_of_its_own_is_denied if {
	denials := replica_source_missing.deny with input as cluster("recovery")
	{denial.message | some denial in denials} == {"db in b is no replica of the cluster that serves"}
}
