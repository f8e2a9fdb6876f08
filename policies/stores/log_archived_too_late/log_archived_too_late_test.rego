package stores.log_archived_too_late_test

import data.stores.log_archived_too_late
import rego.v1

cluster(timeout) := {
	"spec": {"recovery": {"rpo": {"target": 900}}},
	"documents": [{"file": "c.yaml", "object": {
		"kind": "Cluster",
		"metadata": {"name": "db"},
		"spec": {
			"plugins": [{"name": "p", "isWALArchiver": true, "parameters": {"barmanObjectName": "s"}}],
			"postgresql": {"parameters": {"archive_timeout": timeout}},
		},
	}}],
}

test_the_timeout_may_be_the_recovery_point if log_archived_too_late.deny == set() with input as cluster("900s")

test_no_timeout_and_a_longer_one_are_denied if {
	every timeout in ["0s", "901s", "1h", ""] {
		denials := log_archived_too_late.deny with input as cluster(timeout)
		{denial.message | some denial in denials} == {sprintf(
			"the log of db is archived after '%s', and the recovery point is 15 minutes",
			[timeout],
		)}
	}
}
