package access.role_escalates_test

import data.access.role_escalates
import rego.v1

role(rules) := {"documents": [{"file": "r.yaml", "object": {
	"kind": "Role",
	"metadata": {"name": "r", "namespace": "n"},
	"rules": rules,
}}]}

test_roles_may_be_looked_at if {
	rules := [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["get", "list", "watch"]}]
	role_escalates.deny == set() with input as role(rules)
}

test_writing_roles_and_acting_for_others_are_denied if {
	denials := role_escalates.deny with input as role([
		{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["patch"]},
		{"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]},
	])
	{[denial.pointer, denial.message] | some denial in denials} == {
		["/rules/0", "the Role r gives 'patch' on roles, which leads to any right"],
		["/rules/1", "the Role r gives 'impersonate' on users, which leads to any right"],
	}
}
