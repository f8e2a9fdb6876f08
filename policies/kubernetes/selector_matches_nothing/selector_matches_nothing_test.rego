package kubernetes.selector_matches_nothing_test

import data.kubernetes.selector_matches_nothing
import rego.v1

documents(service) := {"documents": [
	{"file": "a.yaml", "object": {
		"kind": "Deployment",
		"metadata": {"name": "a", "namespace": "n"},
		"spec": {"selector": {"matchLabels": {"app": "a"}}, "template": {"metadata": {"labels": {"app": "a"}}}},
	}},
	{"file": "s.yaml", "object": {"kind": "Service", "metadata": {"name": "s", "namespace": "n"}, "spec": service}},
]}

test_a_service_without_a_selector_has_its_endpoints_from_elsewhere if {
	selector_matches_nothing.deny == set() with input as documents({"clusterIP": "None"})
}

test_a_service_that_reaches_no_pod_is_denied if {
	denials := selector_matches_nothing.deny with input as documents({"selector": {"app": "b"}})
	{[denial.file, denial.pointer, denial.message] | some denial in denials} == {[
		"s.yaml", "/spec/selector", "the Service s selects no pod",
	]}
}

test_the_pods_of_another_deployment_are_no_excuse if {
	other := {"file": "b.yaml", "object": {
		"kind": "Deployment",
		"metadata": {"name": "b", "namespace": "n"},
		"spec": {"selector": {"matchLabels": {"app": "a"}}, "template": {"metadata": {"labels": {"app": "b"}}}},
	}}
	document := {"documents": array.concat(documents({"selector": {"app": "a"}}).documents, [other])}
	denials := selector_matches_nothing.deny with input as document
	{denial.message | some denial in denials} == {"the Deployment b selects no pod"}
}

test_a_budget_may_select_what_an_operator_makes if {
	pooler := {"file": "p.yaml", "object": {"kind": "Pooler", "metadata": {"name": "p", "namespace": "n"}}}
	budget := {"file": "b.yaml", "object": {
		"kind": "PodDisruptionBudget",
		"metadata": {"name": "b", "namespace": "n"},
		"spec": {"selector": {"matchLabels": {"cnpg.io/poolerName": "p"}}},
	}}
	selector_matches_nothing.deny == set() with input as {"documents": [pooler, budget]}
	denials := selector_matches_nothing.deny with input as {"documents": [budget]}
	{denial.message | some denial in denials} == {"the PodDisruptionBudget b selects no pod"}
}
