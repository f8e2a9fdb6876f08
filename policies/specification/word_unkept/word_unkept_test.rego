package specification.word_unkept_test

import data.specification.word_unkept
import rego.v1

primary := {"role": "primary", "platform": "aws"}

scaler := {"file": "h.yaml", "object": {
	"kind": "HorizontalPodAutoscaler",
	"spec": {"scaleTargetRef": {"kind": "Deployment"}},
}}

judged(spec, cluster, documents, settings) := {
	"spec": spec,
	"cluster": cluster,
	"environment": {"clusters": {"a": {}, "b": {}}},
	"documents": documents,
	"settings": settings,
}

told(document) := {denial.message | some denial in denials} if {
	denials := word_unkept.deny with input as document
}

scaling := {"components": {"api_layer": {"scaling": {"type": "Horizontal", "strategy": "Auto-scaling"}}}}

manual := {"components": {"api_layer": {"scaling": {"type": "Vertical", "strategy": "Manual"}}}}

stores_scaling(word) := {"components": {"data_layer": {"scaling": {"type": word}}}}

test_a_word_is_kept_by_an_object_or_not_at_all if {
	told(judged(scaling, primary, [scaler], {})) == set()
	told(judged(scaling, primary, [], {})) == {concat("", [
		"components.api_layer.scaling.strategy says 'Auto-scaling', and ",
		"spec.scaleTargetRef.kind of a HorizontalPodAutoscaler does not have it",
	])}
	told(judged(manual, primary, [], {})) == set()
}

test_a_cluster_that_stands_by_scales_nothing if {
	told(judged(scaling, {"role": "recovery", "platform": "aws"}, [], {})) == set()
}

test_each_of_two_words_is_asked_for if {
	denials := told(judged(stores_scaling("Vertical + Horizontal"), primary, [], {}))
	count(denials) == 2
	count(told(judged(stores_scaling("Vertical"), primary, [], {}))) == 1
}

test_settings_keep_a_word_unless_they_say_no if {
	spec := {"components": {"integration_layer": {"features": ["Event bus"]}}}
	told(judged(spec, primary, [], {"queue": {"events": true}})) == set()
	told(judged(spec, primary, [], {"queue": {"events": false}})) == {concat("", [
		"components.integration_layer.features says 'Event bus', and ",
		"queue.events of the API's settings does not have it",
	])}
	sign_in := {"access_control": {"infrastructure": {"authentication": {"type": "SSO"}}}}
	count(told(judged(sign_in, primary, [], {"access": {"issuers": []}}))) == 1
}

test_another_cloud_and_another_value_are_told_apart if {
	spec := {"redundancy": {"application": {"failover": ["Automatic detection"]}}}
	count(told(judged(spec, primary, [], {}))) == 1
	told(judged(spec, {"role": "primary", "platform": "azure"}, [], {})) == set()
	classes := {"storage": {"database": {"storage_class": "Premium SSD"}}}
	other := {"file": "c.yaml", "object": {"kind": "Cluster", "spec": {"storage": {"storageClass": "standard"}}}}
	count(told(judged(classes, primary, [other], {}))) == 1
}
