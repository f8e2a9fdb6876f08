package specification.scaling_metrics_disagree_test

import data.specification.scaling_metrics_disagree
import rego.v1

spec(layer, tier) := {"spec": {
	"components": {"api_layer": {"scaling": {"metrics": layer}}},
	"compute": {"application_tier": {"scaling": {"metrics": tier}}},
	"auto_scaling": {"application": {"triggers": {"cpu": {}, "memory": {}, "requests": {}}}},
}}

every_metric := ["CPU utilization", "Memory usage", "Request rate"]

test_the_order_of_the_lists_does_not_matter if {
	reversed := ["Request rate", "Memory usage", "CPU utilization"]
	scaling_metrics_disagree.deny == set() with input as spec(every_metric, reversed)
}

test_every_metric_that_is_left_out_is_named_once if {
	denials := scaling_metrics_disagree.deny with input as spec(["Memory usage"], every_metric)
	{denial.message | some denial in denials} == {concat("", [
		"components.api_layer.scaling.metrics leaves out 'CPU utilization', 'Request rate', ",
		"for which auto_scaling.application has a trigger",
	])}
}

test_a_metric_without_a_trigger_is_denied_at_its_own_line if {
	denials := scaling_metrics_disagree.deny with input as spec(every_metric, array.concat(every_metric, ["Disk"]))
	{denial.path | some denial in denials} == {["compute", "application_tier", "scaling", "metrics", 3]}
}

test_the_layer_of_the_data_names_what_its_triggers_measure if {
	document := {"spec": {
		"components": {"data_layer": {"scaling": {"metrics": ["Connection count", "Storage usage"]}}},
		"auto_scaling": {"database": {
			"read_replicas": {"triggers": {"connections": {}, "cpu": {}}},
			"storage": {"triggers": {"usage": {}}},
		}},
	}}
	denials := scaling_metrics_disagree.deny with input as document
	{denial.message | some denial in denials} == {concat("", [
		"components.data_layer.scaling.metrics leaves out 'Query performance', ",
		"for which auto_scaling.database has a trigger",
	])}
}
