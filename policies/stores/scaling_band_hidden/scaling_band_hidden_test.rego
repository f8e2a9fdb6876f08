package stores.scaling_band_hidden_test

import data.stores.scaling_band_hidden
import rego.v1

on(version, kind, spec) := {
	"cluster": {"kubernetes": version},
	"documents": [{"file": "a.yaml", "object": {"kind": kind, "metadata": {"name": "a"}, "spec": spec}}],
}

behavior := {"scaleUp": {"tolerance": "0"}, "scaleDown": {"tolerance": "571m"}}

test_a_stated_tolerance_is_not_judged_for_its_size if {
	scaling_band_hidden.deny == set() with input as on("1.35", "HorizontalPodAutoscaler", {"behavior": behavior})
}

test_each_direction_of_a_scaled_object_is_named if {
	config := {"advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": {}}}}}
	denials := scaling_band_hidden.deny with input as on("1.36", "ScaledObject", config)
	{denial.message | some denial in denials} == {
		"ScaledObject a states no tolerance for scaleUp: it acts only ten per cent beyond its target",
		"ScaledObject a states no tolerance for scaleDown: it acts only ten per cent beyond its target",
	}
}

test_an_older_cluster_cannot_state_any if {
	scaling_band_hidden.examined == set() with input as on("1.34", "ScaledObject", {})
}
