package lib.access_test

import data.lib.access
import rego.v1

role := {"file": "r.yaml", "object": {
	"kind": "Role",
	"metadata": {"name": "r", "namespace": "n"},
	"rules": [
		{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
		{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]},
	],
}}

test_a_right_is_one_verb_on_one_resource if {
	found := access.rights with input as {"documents": [role]}
	{[right.pointer, right.group, right.resource, right.verb] | some right in found} == {
		["/rules/0", "", "pods", "get"],
		["/rules/1", "apps", "deployments", "get"],
		["/rules/1", "apps", "deployments", "list"],
	}
}

test_a_binding_says_whom_it_gives_what if {
	reference := {"kind": "Role", "name": "r"}
	subject := {"kind": "Group", "name": "g"}
	binding := {"file": "b.yaml", "object": {
		"kind": "RoleBinding",
		"metadata": {"name": "b", "namespace": "n"},
		"roleRef": reference,
		"subjects": [subject],
	}}
	found := access.bindings with input as {"documents": [role, binding]}
	{[item.name, item.role, item.subjects] | some item in found} == {["b", reference, [subject]]}
}

test_a_role_is_held_by_whom_its_own_bindings_name if {
	subject := {"kind": "Group", "name": "g"}
	bound := [[binding("n", "r"), {subject}], [binding("other", "r"), set()], [binding("n", "other"), set()]]
	every pair in bound {
		found := access.held_by({"kind": "Role", "namespace": "n", "name": "r"}) with input as {"documents": [pair[0]]}
		found == pair[1]
	}
}

binding(namespace, name) := {"file": "b.yaml", "object": {
	"kind": "RoleBinding",
	"metadata": {"name": "b", "namespace": namespace},
	"roleRef": {"kind": "Role", "name": name},
	"subjects": [{"kind": "Group", "name": "g"}],
}}
