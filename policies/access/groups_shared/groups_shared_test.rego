package access.groups_shared_test

import data.access.groups_shared
import rego.v1

groups(readers, operators) := {"environment": {"sign_in": {"groups": {"readers": readers, "operators": operators}}}}

test_two_groups_pass if groups_shared.deny == set() with input as groups("a", "b")

test_one_group_for_two_is_denied_once if {
	denials := groups_shared.deny with input as groups("a", "a")
	{[denial.path[3], denial.message] | some denial in denials} == {[
		"readers",
		"readers and operators are one group, 'a'",
	]}
}
