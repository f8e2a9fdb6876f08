package kubernetes.recommender_changes_pods_test

import data.kubernetes.recommender_changes_pods
import rego.v1

range := {"minAllowed": {"cpu": "2", "memory": "4Gi"}, "maxAllowed": {"cpu": "8", "memory": "16Gi"}}

others := {"containerName": "*", "mode": "Off"}

judged(target, mode, policies) := {"documents": [
	{"file": "d.yaml", "object": {"kind": "Deployment", "metadata": {"name": "api", "namespace": "a"}, "spec": {}}},
	{"file": "v.yaml", "object": {
		"kind": "VerticalPodAutoscaler",
		"metadata": {"name": "api", "namespace": "a"},
		"spec": {
			"targetRef": {"kind": "Deployment", "name": target},
			"updatePolicy": {"updateMode": mode},
			"resourcePolicy": {"containerPolicies": policies},
		},
	}},
]}

own := object.union({"containerName": "api"}, range)

test_bounded_recommendations_pass if {
	recommender_changes_pods.deny == set() with input as judged("api", "Off", [own, others])
}

test_each_fault_is_named if {
	every case in [
		["api", "Recreate", [own, others], "changes pods (Recreate)"],
		["other", "Off", [own, others], "looks at the Deployment other, which is not there"],
		["api", "Off", [{"containerName": "api"}, others], "bounds no recommendation for api"],
		["api", "Off", [own], "recommends for containers without a range"],
	] {
		denials := recommender_changes_pods.deny with input as judged(case[0], case[1], case[2])
		{denial.message | some denial in denials} == {sprintf("the vertical autoscaler api %s", [case[3]])}
	}
}
