package specification.scaling_windows_disagree_test

import data.specification.scaling_windows_disagree
import rego.v1

windows(cpu, connections) := {"spec": {"auto_scaling": {
	"application": {"triggers": {"cpu": {"window": cpu}, "memory": {"window": 300}}},
	"database": {"read_replicas": {"triggers": {"connections": {"window": connections}, "cpu": {"window": 600}}}},
}}}

test_each_tier_may_have_a_window_of_its_own if scaling_windows_disagree.deny == set() with input as windows(300, 600)

test_the_shorter_one_is_denied_at_its_line if {
	denials := scaling_windows_disagree.deny with input as windows(600, 600)
	{[denial.path, denial.message] | some denial in denials} == {[
		["auto_scaling", "application", "triggers", "memory", "window"],
		concat("", [
			"auto_scaling.application.triggers.memory.window is 300 seconds, ",
			"and auto_scaling.application.triggers.cpu.window of the same autoscaler is 600",
		]),
	]}
}
