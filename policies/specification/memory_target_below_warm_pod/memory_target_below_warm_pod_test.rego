package specification.memory_target_below_warm_pod_test

import data.specification.memory_target_below_warm_pod
import rego.v1

site(percent, behavior) := {
	"settings": {"process": {"workers": 2, "cache_bytes": 429496729}},
	"documents": [
		{"file": "a.yaml", "object": {
			"kind": "HorizontalPodAutoscaler",
			"metadata": {"name": "api", "namespace": "app"},
			"spec": {"behavior": behavior, "metrics": [{"containerResource": {
				"name": "memory",
				"container": "api",
				"target": {"averageUtilization": percent},
			}}]},
		}},
		{"file": "d.yaml", "object": {
			"kind": "Deployment",
			"metadata": {"name": "api", "namespace": "app"},
			"spec": {"template": {"spec": {"containers": [{
				"name": "api",
				"resources": {"requests": {"memory": 4294967296}},
			}]}}},
		}},
	],
}

test_the_tolerance_decides_where_pods_are_removed if {
	memory_target_below_warm_pod.deny == set() with input as site(80, {"scaleDown": {"tolerance": "571m"}})
	denials := memory_target_below_warm_pod.deny with input as site(52, {"scaleDown": {"tolerance": "571m"}})
	{denial.message | some denial in denials} == {concat("", [
		"a pod with a full cache uses 22% of its memory, ",
		"and the autoscaler removes pods below 22%",
	])}
}

test_without_a_tolerance_a_tenth_is_kept if {
	memory_target_below_warm_pod.deny == set() with input as site(26, {})
	count(memory_target_below_warm_pod.deny) == 1 with input as site(25, {})
}

test_nothing_is_removed_with_a_tolerance_of_all if {
	count(memory_target_below_warm_pod.deny) == 1 with input as site(80, {"scaleDown": {"tolerance": "1"}})
}
