package kubernetes.autoscaler_bounds_invalid_test

import data.kubernetes.autoscaler_bounds_invalid
import rego.v1

autoscaler(spec) := {"documents": [{"file": "h.yaml", "object": {
	"kind": "HorizontalPodAutoscaler",
	"metadata": {"name": "api"},
	"spec": spec,
}}]}

test_without_a_lower_bound_there_is_one_replica if {
	autoscaler_bounds_invalid.deny == set() with input as autoscaler({"maxReplicas": 1})
	count(autoscaler_bounds_invalid.deny) == 1 with input as autoscaler({"maxReplicas": 0})
}

test_a_long_window_is_denied_at_its_direction if {
	spec := {"maxReplicas": 1, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 7200}}}
	denials := autoscaler_bounds_invalid.deny with input as autoscaler(spec)
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/behavior/scaleDown/stabilizationWindowSeconds",
		"the autoscaler api looks back 7200 seconds, and Kubernetes at most 3600",
	]}
}

test_a_long_cooldown_is_denied_at_the_specification_of_its_direction if {
	spec := {"maxReplicas": 1, "behavior": {"scaleUp": {"policies": [{"periodSeconds": 3600}]}}}
	denials := autoscaler_bounds_invalid.deny with input as autoscaler(spec)
	{denial.path[3] | some denial in denials} == {"scale_up"}
}
