package kubernetes.admission_unguarded_test

import data.kubernetes.admission_unguarded
import rego.v1

rendered(kind, spec) := {"file": kind, "object": {"kind": kind, "metadata": {"name": "g"}, "spec": spec}}

cluster(stage, resources) := {
	"environment": {"stage": stage},
	"spec": {"network": {"segmentation": {"zones": ["data", "management"]}}},
	"documents": [
		rendered("ValidatingAdmissionPolicy", {
			"matchConstraints": {"resourceRules": [{"operations": ["CREATE"], "resources": resources}]},
			"validations": [{"expression": "false"}],
		}),
		rendered("ValidatingAdmissionPolicyBinding", {"policyName": "g", "validationActions": ["Deny"]}),
		{
			"file": "namespace",
			"object": {"kind": "Namespace", "metadata": {"name": "cbp-data", "labels": {"cbp.bank/zone": "data"}}},
		},
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
