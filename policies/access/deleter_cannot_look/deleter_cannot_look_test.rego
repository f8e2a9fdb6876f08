package access.deleter_cannot_look_test

import data.access.deleter_cannot_look
import rego.v1

judged(subject, rules) := {"documents": [
	{"file": "r.yaml", "object": {"kind": "Role", "metadata": {"name": "r", "namespace": "n"}, "rules": rules}},
	{"file": "b.yaml", "object": {
		"kind": "RoleBinding",
		"metadata": {"name": "r", "namespace": "n"},
		"roleRef": {"kind": "Role", "name": "r"},
		"subjects": [subject],
	}},
]}

people := {"kind": "Group", "name": "operators"}

deleting := {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}

test_the_rights_may_come_from_two_rules if {
	looking := {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["list", "watch"]}
	deleter_cannot_look.deny == set() with input as judged(people, [deleting, looking])
}

test_a_program_needs_no_more_than_it_calls if {
	deleter_cannot_look.deny == set() with input as judged({"kind": "ServiceAccount", "name": "a"}, [deleting])
}

test_what_is_missing_is_named if {
	denials := deleter_cannot_look.deny with input as judged(people, [deleting])
	{denial.message | some denial in denials} == {"the Role r gives 'delete' on pods, and no list and no watch"}
}
