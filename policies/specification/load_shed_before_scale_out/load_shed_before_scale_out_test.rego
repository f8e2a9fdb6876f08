package specification.load_shed_before_scale_out_test

import data.specification.load_shed_before_scale_out
import rego.v1

levels(target, critical) := {"spec": {
	"auto_scaling": {"application": {"triggers": {"memory": {"target": target}}}},
	"limits": {"memory": {"monitoring": {"critical": critical}}},
}}

test_a_target_below_the_critical_level_passes if load_shed_before_scale_out.deny == set() with input as levels(89, 90)

test_a_target_at_the_critical_level_is_denied if {
	denials := load_shed_before_scale_out.deny with input as levels(90, 90)
	{denial.message | some denial in denials} == {concat("", [
		"auto_scaling.application.triggers.memory.target is 90%, ",
		"which is not below limits.memory.monitoring.critical (90%)",
	])}
}
