package access.role_enters_pods_test

import data.access.role_enters_pods
import rego.v1

role(rules) := {"documents": [{"file": "r.yaml", "object": {
	"kind": "Role",
	"metadata": {"name": "r", "namespace": "n"},
	"rules": rules,
}}]}

test_logs_may_be_read if {
	rules := [{"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}]
	role_enters_pods.deny == set() with input as role(rules)
}

test_every_way_in_is_denied if {
	rules := [{"apiGroups": [""], "resources": ["pods/exec", "services/proxy"], "verbs": ["create"]}]
	denials := role_enters_pods.deny with input as role(rules)
	{denial.message | some denial in denials} == {
		"the Role r gives 'create' on pods/exec",
		"the Role r gives 'create' on services/proxy",
	}
}
