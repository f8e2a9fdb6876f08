package specification.alarm_levels_inverted_test

import data.specification.alarm_levels_inverted
import rego.v1

spec(levels) := {"spec": {"limits": {"memory": {"monitoring": levels}}}}

test_a_warning_below_the_critical_level_passes if {
	alarm_levels_inverted.deny == set() with input as spec({"warning": 89, "critical": 90})
}

test_a_warning_at_the_critical_level_is_denied if {
	denials := alarm_levels_inverted.deny with input as spec({"warning": 90, "critical": 90})
	{[denial.path, denial.message] | some denial in denials} == {[
		["limits", "memory", "monitoring", "warning"],
		"limits.memory.monitoring.warning is 90%, which is not below critical (90%)",
	]}
}
