package environment.standby_without_api_test

import data.environment.standby_without_api
import rego.v1

document(kind, spec) := {"file": kind, "object": {
	"kind": kind,
	"metadata": {"name": "api", "namespace": "application"},
	"spec": spec,
}}

deployment(replicas) := document("Deployment", {
	"replicas": replicas,
	"template": {"spec": {"containers": [{"name": "api", "ports": [{"containerPort": 8080}]}]}},
})

said(role, documents) := {denial.message | some denial in denials} if {
	cluster := {"name": "two", "role": role}
	settings := {"process": {"port": 8080}}
	denials := standby_without_api.deny with input as {"cluster": cluster, "settings": settings, "documents": documents}
}

whole := [deployment(2), document("PodDisruptionBudget", {}), document("Service", {}), document("Ingress", {})]

test_two_pods_with_all_that_they_need_pass if said("recovery", whole) == set()

test_a_cluster_that_serves_is_judged_by_other_rules if said("primary", []) == set()

test_each_missing_part_is_named if {
	said("recovery", []) == {"the cluster two stands by, and it has no pods of the API"}
	said("recovery", [deployment(3)]) == {
		"the cluster two stands by, and it has 3 pods of the API, and not 2",
		"the cluster two stands by, and no Ingress is beside its pods of the API",
		"the cluster two stands by, and no PodDisruptionBudget is beside its pods of the API",
		"the cluster two stands by, and no Service is beside its pods of the API",
	}
	scaler := document("HorizontalPodAutoscaler", {"scaleTargetRef": {"name": "api"}})
	said("recovery", array.concat(whole, [scaler])) == {
		"the cluster two stands by, and the HorizontalPodAutoscaler api changes the number of its pods"
	}
}
