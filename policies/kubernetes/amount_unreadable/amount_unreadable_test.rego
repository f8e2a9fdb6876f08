package kubernetes.amount_unreadable_test

import data.kubernetes.amount_unreadable
import rego.v1

document(kind, spec) := {"documents": [{"file": "d.yaml", "object": {
	"kind": kind,
	"metadata": {"name": "d"},
	"spec": spec,
}}]}

test_an_amount_of_a_custom_resource_is_read if {
	spec := {"storage": {"size": 1024}, "walStorage": {"size": "1GB"}}
	denials := amount_unreadable.deny with input as document("Cluster", spec)
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/walStorage/size",
		"d has '1GB', which is no positive amount",
	]}
}

test_a_scratch_volume_has_a_limit_that_can_be_read if {
	every limit in ["64MB", 0, -1] {
		spec := {"containers": [], "volumes": [{"name": "v", "emptyDir": {"sizeLimit": limit}}]}
		denials := amount_unreadable.deny with input as document("Pod", spec)
		{denial.pointer | some denial in denials} == {"/spec/volumes/0/emptyDir/sizeLimit"}
	}
}

test_what_has_no_amount_is_not_examined if {
	amount_unreadable.examined == set() with input as document("Cluster", {"instances": 3})
}
