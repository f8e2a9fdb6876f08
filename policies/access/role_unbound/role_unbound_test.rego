package access.role_unbound_test

import data.access.role_unbound
import rego.v1

role := {"file": "r.yaml", "object": {"kind": "Role", "metadata": {"name": "r", "namespace": "n"}, "rules": []}}

binding(reference, subjects) := {"file": "b.yaml", "object": {
	"kind": "RoleBinding",
	"metadata": {"name": "b", "namespace": "n"},
	"roleRef": reference,
	"subjects": subjects,
}}

test_a_role_that_somebody_has_passes if {
	given := binding({"kind": "Role", "name": "r"}, [{"kind": "Group", "name": "g"}])
	role_unbound.deny == set() with input as {"documents": [role, given]}
}

test_a_binding_without_subjects_gives_a_role_to_nobody if {
	denials := role_unbound.deny with input as {"documents": [role, binding({"kind": "Role", "name": "r"}, [])]}
	{denial.message | some denial in denials} == {"the Role r of n is given to nobody"}
}
