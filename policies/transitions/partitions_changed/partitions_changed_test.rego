package transitions.partitions_changed_test

import data.transitions.partitions_changed
import rego.v1

split_into(before, after) := {
	"environment": {"name": "production"},
	"cluster": {"name": "a"},
	"settings": {"database": {"partitions": after}},
	"before": {"settings": {"database": {"partitions": before}}},
}

test_the_same_number_passes if partitions_changed.deny == set() with input as split_into(8, 8)

test_more_and_fewer_are_denied if {
	every after in [4, 16] {
		denials := partitions_changed.deny with input as split_into(8, after)
		{[denial.before, denial.after] | some denial in denials} == {["8", sprintf("%d", [after])]}
	}
}
