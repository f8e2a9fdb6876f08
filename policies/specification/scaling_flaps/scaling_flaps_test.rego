package specification.scaling_flaps_test

import data.specification.scaling_flaps
import rego.v1

spec(up, down) := {"spec": {"compute": {"application_tier": {"scaling": {"thresholds": {
	"scale_up": up,
	"scale_down": down,
}}}}}}

test_a_gap_of_one_percent_passes if scaling_flaps.deny == set() with input as spec(70, 69)

test_no_gap_is_denied_at_the_lower_threshold if {
	denials := scaling_flaps.deny with input as spec(70, 70)
	{[denial.path, denial.message] | some denial in denials} == {[
		["compute", "application_tier", "scaling", "thresholds", "scale_down"],
		"compute.application_tier.scaling.thresholds.scale_down is 70%, which is not below scale_up (70%)",
	]}
}
