package environment.support_ends_test

import data.environment.support_ends
import rego.v1

left(days) := {"versions": [{
	"name": "Kubernetes",
	"version": "1.35",
	"supported_until": "2027-02-28",
	"days_left": days,
	"path": ["environment", "clusters", "a", "kubernetes"],
}]}

test_a_quarter_is_enough if support_ends.deny == set() with input as left(90)

test_less_is_warned_of_with_the_day if {
	denials := support_ends.deny with input as left(10)
	{[denial.message, denial.path] | some denial in denials} == {[
		"Kubernetes 1.35 is mended until 2027-02-28",
		["environment", "clusters", "a", "kubernetes"],
	]}
}
