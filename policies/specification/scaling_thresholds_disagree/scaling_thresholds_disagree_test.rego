package specification.scaling_thresholds_disagree_test

import data.specification.scaling_thresholds_disagree
import rego.v1

spec(layer, tier, target) := {"spec": {
	"components": {"api_layer": {"scaling": {"thresholds": layer}}},
	"compute": {"application_tier": {"scaling": {"thresholds": tier}}},
	"auto_scaling": {"application": {"triggers": {"cpu": {"target": target}}}},
}}

same := {"scale_up": 70, "scale_down": 30}

test_one_pair_of_thresholds_passes if {
	scaling_thresholds_disagree.deny == set() with input as spec(same, same, 70)
}

test_a_layer_that_shrinks_elsewhere_is_denied if {
	denials := scaling_thresholds_disagree.deny with input as spec({"scale_up": 70, "scale_down": 20}, same, 70)
	{denial.message | some denial in denials} == {concat("", [
		"components.api_layer.scaling.thresholds.scale_down is 20%, ",
		"but compute.application_tier.scaling.thresholds.scale_down is 30%",
	])}
}

test_another_target_of_the_autoscaler_is_denied_at_every_statement_that_has_to_follow if {
	denials := scaling_thresholds_disagree.deny with input as spec(same, same, 60)
	{denial.path | some denial in denials} == {
		["components", "api_layer", "scaling", "thresholds", "scale_up"],
		["compute", "application_tier", "scaling", "thresholds", "scale_up"],
	}
}
