package stores.replica_source_missing_test

import data.stores.replica_source_missing
import rego.v1

cluster(role) := {
	"environment": {"clusters": {"a": {"role": "primary"}, "b": {"role": role}}},
	"cluster": {"name": "b", "role": role},
	"documents": [{"file": "c.yaml", "object": {"kind": "Cluster", "metadata": {"name": "db"}, "spec": {}}}],
}

test_a_cluster_that_serves_replicates_nobody if replica_source_missing.deny == set() with input as cluster("primary")

test_a_cluster_of_its_own_is_denied if {
	denials := replica_source_missing.deny with input as cluster("recovery")
	{denial.message | some denial in denials} == {"db in b is no replica of the cluster that serves"}
}
