package access.binding_without_role_test

import data.access.binding_without_role
import rego.v1

role := {"file": "r.yaml", "object": {"kind": "Role", "metadata": {"name": "r", "namespace": "n"}, "rules": []}}

binding(reference, subjects) := {"file": "b.yaml", "object": {
	"kind": "RoleBinding",
	"metadata": {"name": "b", "namespace": "n"},
	"roleRef": reference,
	"subjects": subjects,
}}

test_a_rendered_role_passes if {
	document := {"documents": [role, binding({"kind": "Role", "name": "r"}, [])]}
	binding_without_role.deny == set() with input as document
}

test_a_role_of_kubernetes_itself_gives_more_than_is_needed if {
	reference := {"kind": "ClusterRole", "name": "system:auth-delegator"}
	given := {"kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": reference, "subjects": []}
	denials := binding_without_role.deny with input as {"documents": [{"file": "b.yaml", "object": given}]}
	{denial.pointer | some denial in denials} == {"/roleRef"}
}

test_a_role_of_the_whole_cluster_is_another_one if {
	document := {"documents": [role, binding({"kind": "ClusterRole", "name": "r"}, [])]}
	denials := binding_without_role.deny with input as document
	{denial.message | some denial in denials} == {"the RoleBinding b refers to the ClusterRole 'r', which is not rendered"}
}
