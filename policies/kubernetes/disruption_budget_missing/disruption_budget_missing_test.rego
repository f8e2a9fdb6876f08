package kubernetes.disruption_budget_missing_test

import data.kubernetes.disruption_budget_missing
import rego.v1

deployment := {"file": "d.yaml", "object": {
	"kind": "Deployment",
	"metadata": {"name": "api", "namespace": "n"},
	"spec": {"template": {"metadata": {"labels": {"app": "api"}}}},
}}

test_a_deployment_alone_is_denied if {
	denials := disruption_budget_missing.deny with input as {"documents": [deployment]}
	{[denial.file, denial.message] | some denial in denials} == {[
		"d.yaml",
		"no disruption budget covers the Deployment api",
	]}
}

test_a_job_needs_no_budget if {
	job := {"file": "j.yaml", "object": {"kind": "Job", "spec": {"template": {"spec": {}}}}}
	disruption_budget_missing.examined == set() with input as {"documents": [job]}
}
