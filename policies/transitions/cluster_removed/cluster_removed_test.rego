package transitions.cluster_removed_test

import data.transitions.cluster_removed
import rego.v1

having(names) := {
	"environment": {"name": "production", "clusters": {name: {} | some name in names}},
	"before": {"clusters": ["a", "b"]},
}

test_more_clusters_pass if cluster_removed.deny == set() with input as having(["a", "b", "c"])

test_each_one_that_is_gone_is_named if {
	denials := cluster_removed.deny with input as having(["c"])
	{denial.file | some denial in denials} == {"generated/production/a", "generated/production/b"}
}
