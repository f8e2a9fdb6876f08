package kubernetes.admission_unguarded_test

import data.kubernetes.admission_unguarded
import rego.v1

rendered(kind, spec) := {"file": kind, "object": {"kind": kind, "metadata": {"name": "g"}, "spec": spec}}

cluster(stage, resources) := labelled(stage, resources, {}, {"cbp.bank/zone": "data"})

labelled(stage, resources, matched, labels) := {
	"environment": {"stage": stage},
	"documents": [
		rendered("ValidatingAdmissionPolicy", {
			"matchConstraints": {"resourceRules": [{"operations": ["CREATE"], "resources": resources}]},
			"validations": [{"expression": "false"}],
		}),
		rendered("ValidatingAdmissionPolicyBinding", {
			"policyName": "g",
			"validationActions": ["Deny"],
			"matchResources": matched,
		}),
		{"file": "namespace", "object": {"kind": "Namespace", "metadata": {"name": "cbp-data", "labels": labels}}},
	],
}

test_a_binding_to_the_whole_cluster_is_one_to_every_zone if {
	admission_unguarded.deny == set() with input as cluster("staging", ["namespaces", "pods", "secrets"])
}

test_development_may_run_any_image if {
	admission_unguarded.deny == set() with input as cluster("development", ["namespaces", "secrets"])
}

test_what_nothing_judges_is_denied_by_name if {
	denials := admission_unguarded.deny with input as cluster("staging", ["namespaces", "secrets"])
	{denial.message | some denial in denials} == {"no policy judges pods that are created in cbp-data"}
}

zoned := {"namespaceSelector": {"matchExpressions": [{"key": "cbp.bank/zone", "operator": "In", "values": ["data"]}]}}

all_resources := ["namespaces", "pods", "secrets"]

test_a_namespace_is_guarded_if_its_own_labels_are_selected if {
	admission_unguarded.deny == set() with input as labelled("staging", all_resources, zoned, {"cbp.bank/zone": "data"})
	count(admission_unguarded.deny) == 3 with input as labelled("staging", all_resources, zoned, {})
}

test_the_namespace_of_management_belongs_to_the_platform if {
	management := labelled("staging", [], {}, {"cbp.bank/zone": "management"})
	admission_unguarded.deny == set() with input as management
}
