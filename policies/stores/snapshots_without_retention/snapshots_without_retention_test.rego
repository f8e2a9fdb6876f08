package stores.snapshots_without_retention_test

import data.stores.snapshots_without_retention
import rego.v1

snapshots(method) := {
	"spec": {"backup": {"database": {"retention": 60}}},
	"documents": [
		{"file": "c.yaml", "object": {"kind": "Cluster", "metadata": {"name": "db", "namespace": "n"}, "spec": {}}},
		{"file": "b.yaml", "object": {
			"kind": "ScheduledBackup",
			"metadata": {"name": "b", "namespace": "n"},
			"spec": {"method": method, "cluster": {"name": "db"}},
		}},
	],
}

test_a_backup_in_an_object_store_leaves_no_snapshot if {
	snapshots_without_retention.deny == set() with input as snapshots("plugin")
}

test_a_missing_job_and_a_missing_owner_are_two_findings if {
	denials := snapshots_without_retention.deny with input as snapshots("volumeSnapshot")
	{denial.message | some denial in denials} == {
		"no job deletes the snapshots of db after their retention",
		"the snapshots of db outlive the Backups that name them",
	}
}
