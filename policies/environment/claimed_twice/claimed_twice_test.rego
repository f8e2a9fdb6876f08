package environment.claimed_twice_test

import data.environment.claimed_twice
import rego.v1

judged(purpose, environment, cluster) := {
	"environment": {"name": "staging"},
	"cluster": {"name": "b"},
	"unique": {
		"own": [{"purpose": purpose, "value": "v", "path": [purpose]}],
		"holders": {purpose: {"v": [
			{"environment": "staging", "cluster": "b", "path": [purpose]},
			{"environment": environment, "cluster": cluster, "path": ["another"]},
		]}},
	},
}

test_clusters_of_one_environment_share_its_host if {
	claimed_twice.deny == set() with input as judged("the host", "staging", "a")
}

test_another_environment_s_host_is_denied if {
	denials := claimed_twice.deny with input as judged("the host", "production", "z")
	{[denial.message, denial.path] | some denial in denials} == {["the host v is that of production/z, too", ["the host"]]}
	{denial.places | some denial in denials} == {[["the host"]]}
}

test_of_two_clusters_of_one_environment_the_later_one_is_denied if {
	later := claimed_twice.deny with input as judged("the API server", "staging", "a")
	{denial.message | some denial in later} == {"the API server v is that of staging/a, too"}
	{denial.places | some denial in later} == {[["the API server"], ["another"]]}
	earlier := claimed_twice.deny with input as judged("the API server", "staging", "c")
	earlier == set()
}
