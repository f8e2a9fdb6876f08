package kubernetes.immutable_class_changed_test

import data.kubernetes.immutable_class_changed
import rego.v1

speed(name, iops) := {"documents": [{"file": "v.yaml", "object": {
	"kind": "VolumeAttributesClass",
	"metadata": {"name": name},
	"driverName": "ebs.csi.aws.com",
	"parameters": {"iops": iops, "throughput": "250"},
}}]}

messages(document) := {denial.message | some denial in denials} if {
	denials := immutable_class_changed.deny with input as document
}

test_a_class_keeps_its_parameters if {
	messages(speed("premium-ssd-4000-250", "4000")) == set()
	count(messages(speed("premium-ssd-4000-250", "6000"))) == 1
}

test_another_class_is_listed_first if {
	messages(speed("premium-ssd-6000-250", "6000")) == {
		"the VolumeAttributesClass premium-ssd-6000-250 is no class of policies/classes/data.yaml for its driver"
	}
}
