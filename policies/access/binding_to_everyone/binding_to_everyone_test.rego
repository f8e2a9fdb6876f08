package access.binding_to_everyone_test

import data.access.binding_to_everyone
import rego.v1

binding(reference, subjects) := {"file": "b.yaml", "object": {
	"kind": "RoleBinding",
	"metadata": {"name": "b", "namespace": "n"},
	"roleRef": reference,
	"subjects": subjects,
}}

test_a_workloads_own_account_passes if {
	document := {"documents": [binding({}, [{"kind": "ServiceAccount", "name": "retention"}])]}
	binding_to_everyone.deny == set() with input as document
}

test_each_subject_that_is_everybody_is_denied if {
	document := {"documents": [binding({}, [
		{"kind": "Group", "name": "readers"},
		{"kind": "Group", "name": "system:authenticated"},
		{"kind": "ServiceAccount", "name": "default"},
	])]}
	denials := binding_to_everyone.deny with input as document
	{[denial.pointer, denial.message] | some denial in denials} == {
		["/subjects/1", "the RoleBinding b gives rights to the Group system:authenticated"],
		["/subjects/2", "the RoleBinding b gives rights to the ServiceAccount default"],
	}
}
