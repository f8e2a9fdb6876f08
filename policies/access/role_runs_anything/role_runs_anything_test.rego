package access.role_runs_anything_test

import data.access.role_runs_anything
import rego.v1

role(rules) := {"documents": [{"file": "r.yaml", "object": {
	"kind": "Role",
	"metadata": {"name": "r", "namespace": "n"},
	"rules": rules,
}}]}

test_a_pod_may_be_deleted if {
	rules := [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}]
	role_runs_anything.deny == set() with input as role(rules)
}

test_writing_what_makes_pods_is_denied if {
	denials := role_runs_anything.deny with input as role([
		{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]},
		{"apiGroups": ["postgresql.cnpg.io"], "resources": ["backups", "clusters"], "verbs": ["create"]},
	])
	{[denial.pointer, denial.message] | some denial in denials} == {
		["/rules/0", "the Role r gives 'patch' on deployments"],
		["/rules/1", "the Role r gives 'create' on clusters"],
	}
}
