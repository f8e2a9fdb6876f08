package kubernetes.autoscaler_target_unreachable_test

import data.kubernetes.autoscaler_target_unreachable
import rego.v1

autoscaler(target) := {"documents": [{"file": "a.yaml", "object": {
	"kind": "HorizontalPodAutoscaler",
	"metadata": {"name": "a"},
	"spec": {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]},
}}]}

test_what_can_be_reached_passes if {
	every target in [{"averageUtilization": 1}, {"averageUtilization": 100}, {"averageValue": "500m"}, {"value": 10}] {
		autoscaler_target_unreachable.deny == set() with input as autoscaler(target)
	}
}

test_what_cannot_be_reached_is_denied if {
	every target in [{"averageUtilization": 0}, {"averageUtilization": "70"}, {"averageValue": "-1"}, {"value": "1GB"}] {
		count(autoscaler_target_unreachable.deny) == 1 with input as autoscaler(target)
	}
}

test_the_message_holds_the_value if {
	denials := autoscaler_target_unreachable.deny with input as autoscaler({"averageUtilization": 150})
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/metrics/0/resource/target/averageUtilization",
		"the autoscaler a aims at averageUtilization of '150'",
	]}
}
