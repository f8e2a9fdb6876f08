package transitions.volume_class_changed_test

import data.transitions.volume_class_changed
import rego.v1

classed(class) := {"kind": "Cluster", "metadata": {"name": "db"}, "spec": {"storage": {"size": 1, "storageClass": class}}}

compared(class) := {
	"documents": [{"file": "c", "object": classed(class)}],
	"before": {"documents": {"c": classed("fast")}},
}

test_the_same_class_passes if volume_class_changed.deny == set() with input as compared("fast")

test_another_one_is_denied if {
	denials := volume_class_changed.deny with input as compared("slow")
	{[denial.before, denial.after] | some denial in denials} == {["fast", "slow"]}
}
