package transitions.archive_moved_test

import data.transitions.archive_moved
import rego.v1

database(plugins) := {"kind": "Cluster", "metadata": {"name": "db"}, "spec": {"plugins": plugins}}

archiver(server) := {"isWALArchiver": true, "parameters": {"barmanObjectName": "s", "serverName": server}}

store(path) := {"kind": "ObjectStore", "metadata": {"name": "s"}, "spec": {"configuration": {"destinationPath": path}}}

compared(plugins, path) := {
	"cluster": {"name": "a"},
	"documents": [{"file": "c", "object": database(plugins)}, {"file": "s", "object": store(path)}],
	"before": {"documents": {"c": database([archiver("db")]), "s": store("s3://a")}},
}

test_an_archive_that_stays_passes if archive_moved.deny == set() with input as compared([archiver("db")], "s3://a")

test_another_name_another_place_and_none_are_denied if {
	every case in [
		[[archiver("second")], "s3://a", ["db in s", "second in s"]],
		[[archiver("db")], "s3://b", ["s3://a", "s3://b"]],
		[[], "s3://a", ["db in s", "nowhere"]],
	] {
		denials := archive_moved.deny with input as compared(case[0], case[1])
		{[denial.before, denial.after] | some denial in denials} == {case[2]}
	}
}
