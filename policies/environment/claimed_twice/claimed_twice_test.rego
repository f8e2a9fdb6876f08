package environment.claimed_twice_test

import data.environment.claimed_twice
import rego.v1

claim(environment, cluster, purpose, value) := {
	"environment": environment,
	"cluster": cluster,
	"purpose": purpose,
	"value": value,
	"path": [environment, cluster, purpose],
}

judged(others) := {
	"environment": {"name": "staging"},
	"cluster": {"name": "b"},
	"claims": array.concat(
		[claim("staging", "b", "the host", "h"), claim("staging", "b", "the API server", "k")],
		others,
	),
}

test_clusters_of_one_environment_share_its_host if {
	claimed_twice.deny == set() with input as judged([claim("staging", "a", "the host", "h")])
}

test_another_environment_s_host_is_denied if {
	denials := claimed_twice.deny with input as judged([claim("production", "a", "the host", "h")])
	{[denial.message, denial.path] | some denial in denials} == {[
		"the host h is that of production/a, too",
		["staging", "b", "the host"],
	]}
}

test_of_two_clusters_of_one_environment_the_later_one_is_denied if {
	earlier := claimed_twice.deny with input as judged([claim("staging", "a", "the API server", "k")])
	{denial.message | some denial in earlier} == {"the API server k is that of staging/a, too"}
	later := claimed_twice.deny with input as judged([claim("staging", "c", "the API server", "k")])
	later == set()
}
