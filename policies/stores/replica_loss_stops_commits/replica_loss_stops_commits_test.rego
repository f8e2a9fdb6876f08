package stores.replica_loss_stops_commits_test

import data.stores.replica_loss_stops_commits
import rego.v1

cluster(instances, durability) := {"documents": [{"file": "c.yaml", "object": {
	"kind": "Cluster",
	"metadata": {"name": "db"},
	"spec": {
		"instances": instances,
		"postgresql": {"synchronous": {"number": 1, "dataDurability": durability}},
	},
}}]}

test_who_prefers_to_go_on_alone_may if replica_loss_stops_commits.deny == set() with input as cluster(2, "preferred")

test_the_replicas_are_counted_without_the_primary if {
	denials := replica_loss_stops_commits.deny with input as cluster(2, "required")
	{denial.message | some denial in denials} == {
		"a commit in db waits for 1 of 1 replicas: without one of them nothing can be written",
	}
}
