package lib.rollouts_test

import data.lib.rollouts
import rego.v1

deployment(pause, unavailable) := {
	"minReadySeconds": pause,
	"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": unavailable}},
	"template": {"spec": {
		"terminationGracePeriodSeconds": 50,
		"containers": [{"name": "api", "ports": [{"containerPort": 8080}]}],
	}},
}

test_the_pause_bounds_the_pods_that_are_terminating if {
	{pause: rollouts.surplus(deployment(pause, 0), 8) | some pause in [0, 10, 24, 25, 49, 50, 60]} == {
		0: 9,
		10: 6,
		24: 4,
		25: 3,
		49: 3,
		50: 2,
		60: 2,
	}
	rollouts.surplus(deployment(25, 1), 8) == 5
}

test_the_pods_of_the_api_are_those_of_the_deployment_that_listens_there if {
	given := {
		"spec": {
			"compute": {"application_tier": {"instances": {"max": 8}}},
			"orchestration": {"configuration": {"rolling_update": {"max_surge": 1}}},
		},
		"settings": {"process": {"port": 8080}},
	}
	documents := [{"file": "d.yaml", "object": {
		"kind": "Deployment",
		"metadata": {"name": "api"},
		"spec": deployment(25, 0),
	}}]
	rollouts.api == 9 with input as object.union(given, {"documents": []})
	rollouts.api == 11 with input as object.union(given, {"documents": documents})
}

test_each_statement_that_decides_connections_is_named_once if {
	count({place | some place in rollouts.connection_places}) == count(rollouts.connection_places)
}
