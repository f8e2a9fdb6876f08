package environment.scale_down_threshold_inexpressible_test

import data.environment.scale_down_threshold_inexpressible
import rego.v1

clusters(version) := {"environment": {"clusters": {"eu-central-1": {"kubernetes": version}}}}

test_the_first_version_with_a_tolerance_expresses_it if {
	scale_down_threshold_inexpressible.deny == set() with input as clusters("1.35")
}

test_an_older_version_is_named_with_its_cluster if {
	denials := scale_down_threshold_inexpressible.deny with input as clusters("1.34")
	{denial.message | some denial in denials} == {concat(" ", [
		"the cluster eu-central-1 runs Kubernetes 1.34, whose autoscaler has no tolerance:",
		"1.35 is the first that has",
	])}
}
