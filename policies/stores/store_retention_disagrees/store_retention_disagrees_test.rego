package stores.store_retention_disagrees_test

import data.stores.store_retention_disagrees
import rego.v1

store(policy, retention) := {
	"spec": {"backup": {"database": {"retention": retention}}},
	"documents": [
		{"file": "c.yaml", "object": {
			"kind": "Cluster",
			"metadata": {"name": "db"},
			"spec": {"plugins": [{"name": "p", "isWALArchiver": true, "parameters": {"barmanObjectName": "own"}}]},
		}},
		{"file": "o.yaml", "object": {"kind": "ObjectStore", "metadata": {"name": "own"}, "spec": policy}},
		{"file": "p.yaml", "object": {"kind": "ObjectStore", "metadata": {"name": "peer"}, "spec": {}}},
	],
}

test_a_part_of_a_day_is_kept_for_all_of_it if {
	store_retention_disagrees.deny == set() with input as store({"retentionPolicy": "2d"}, 90000)
}

test_the_store_of_another_cluster_is_not_judged if {
	denials := store_retention_disagrees.deny with input as store({}, 2592000)
	{[denial.file, denial.message] | some denial in denials} == {[
		"o.yaml",
		"the store own keeps backups for '', and they have to be kept for 30 days",
	]}
}
