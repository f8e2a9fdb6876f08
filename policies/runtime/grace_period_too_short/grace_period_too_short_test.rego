package runtime.grace_period_too_short_test

import data.runtime.grace_period_too_short
import rego.v1

pod(fields) := {
	"settings": {"process": {"port": 8080, "shutdown_seconds": 30}},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "Pod",
		"spec": object.union(fields, {"containers": [{"name": "api", "ports": [{"containerPort": 8080}]}]}),
	}}],
}

test_a_second_more_is_enough if {
	grace_period_too_short.deny == set() with input as pod({"terminationGracePeriodSeconds": 31})
}

test_without_a_period_it_is_half_a_minute if {
	denials := grace_period_too_short.deny with input as pod({})
	{denial.message | some denial in denials} == {concat("", [
		"the container api has 30 seconds to end, ",
		"and takes up to 30 (0 before the signal + 30)",
	])}
}
