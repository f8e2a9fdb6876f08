package access.role_wildcard_test

import data.access.role_wildcard
import rego.v1

role(rules) := {"documents": [{"file": "r.yaml", "object": {
	"kind": "Role",
	"metadata": {"name": "r", "namespace": "n"},
	"rules": rules,
}}]}

test_a_wildcard_is_denied_wherever_it_stands if {
	denials := role_wildcard.deny with input as role([
		{"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]},
		{"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["get"]},
		{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
	])
	{[denial.pointer, denial.message] | some denial in denials} == {
		["/rules/0", "the Role r gives '*' on 'pods' of ''"],
		["/rules/1", "the Role r gives 'get' on '*/scale' of 'apps'"],
	}
}
