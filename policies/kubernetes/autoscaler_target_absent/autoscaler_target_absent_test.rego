package kubernetes.autoscaler_target_absent_test

import data.kubernetes.autoscaler_target_absent
import rego.v1

autoscaler(name) := {"documents": [
	{"file": "d.yaml", "object": {"kind": "Deployment", "metadata": {"name": "api", "namespace": "app"}}},
	{"file": "h.yaml", "object": {
		"kind": "HorizontalPodAutoscaler",
		"metadata": {"name": "api", "namespace": "app"},
		"spec": {"scaleTargetRef": {"kind": "Deployment", "name": name}},
	}},
]}

test_a_target_that_is_there_passes if autoscaler_target_absent.deny == set() with input as autoscaler("api")

test_a_misspelt_target_is_denied_by_name if {
	denials := autoscaler_target_absent.deny with input as autoscaler("apl")
	{denial.message | some denial in denials} == {"the autoscaler api scales the Deployment apl, which is not there"}
}
