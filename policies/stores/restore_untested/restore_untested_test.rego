package stores.restore_untested_test

import data.stores.restore_untested
import rego.v1

archive := {"barmanObjectName": "store", "serverName": "db"}

database := {"file": "c.yaml", "object": {
	"kind": "Cluster",
	"metadata": {"name": "db", "namespace": "n"},
	"spec": {"imageName": "postgres", "plugins": [{"isWALArchiver": true, "parameters": archive}]},
}}

backup := {"file": "b.yaml", "object": {
	"kind": "ScheduledBackup",
	"metadata": {"name": "b", "namespace": "n"},
	"spec": {"cluster": {"name": "db"}},
}}

job := {"file": "j.yaml", "object": {
	"kind": "CronJob",
	"metadata": {"name": "test", "namespace": "n"},
	"spec": {"jobTemplate": {"spec": {"template": {"spec": {"volumes": [{"configMap": {"name": "test"}}]}}}}},
}}

# restores returns the ConfigMap of a copy with this name, image and plugins.
restores(name, image, plugins) := {"file": "m.yaml", "object": {
	"kind": "ConfigMap",
	"metadata": {"name": "test", "namespace": "n"},
	"data": {"cluster.json": concat("", [
		`{"kind": "Cluster", "metadata": {"name": "`, name, `", "namespace": "n"}, "spec": {"imageName": "`, image,
		`", "plugins": [`, plugins, `], "bootstrap": {"recovery": {"source": "here"}}, "externalClusters": [{"name": "here",`,
		` "plugin": {"parameters": {"barmanObjectName": "store", "serverName": "db"}}}]}}`,
	])},
}}

messages(documents) := {denial.message |
	denials := restore_untested.deny with input as {"documents": documents}
	some denial in denials
}

test_a_copy_of_the_same_passes if {
	messages([database, backup, job, restores("copy", "postgres", "")]) == set()
}

test_without_a_job_or_its_copy_there_is_no_test if {
	untested := {"no CronJob tests that db can be restored"}
	messages([database, backup]) == untested
	messages([database, backup, job]) == untested
	messages([database, backup, restores("copy", "postgres", "")]) == untested
}

test_another_image_shows_nothing if {
	messages([database, backup, job, restores("copy", "other", "")]) == {
		"the copy that tests restore has another imageName than db",
	}
}

test_a_copy_with_the_name_of_the_database_is_denied if {
	messages([database, backup, job, restores("db", "postgres", "")]) == {
		"the copy that tests restore has the name of db",
	}
}

test_a_copy_that_archives_is_denied if {
	messages([database, backup, job, restores("copy", "postgres", `{"isWALArchiver": true}`)]) == {
		"the copy that tests restore archives its own log",
	}
}

test_a_database_that_follows_another_is_restored_all_the_time if {
	following := object.union(database, {"object": {"spec": {"replica": {"primary": "a", "self": "b"}}}})
	messages([following, backup]) == set()
}
