package kubernetes.image_mutable_test

import data.kubernetes.image_mutable
import rego.v1

container(stage, release, image) := {
	"environment": {"stage": stage, "image": {"repository": "registry/api", "release": release}},
	"documents": [{"file": "a.yaml", "object": {
		"kind": "Pod",
		"spec": {"containers": [{"name": "configuration-api", "image": image}]},
	}}],
}

test_development_may_run_a_tag if {
	image_mutable.deny == set() with input as container("development", "latest", "registry/api:latest")
}

test_unreleased_is_no_excuse_for_another_image if {
	denials := image_mutable.deny with input as container("staging", "unreleased", "registry/other:unreleased")
	{denial.message | some denial in denials} == {concat("", [
		"the container configuration-api runs 'registry/other:unreleased', ",
		"which is not named by digest",
	])}
}

test_a_tag_named_unreleased_is_no_excuse_for_a_release if {
	count(image_mutable.deny) == 1 with input as container("staging", "v1", "registry/api:unreleased")
}

test_a_store_that_has_no_image_yet_is_another_rule_s if {
	stores := {"valkey": {"repository": "registry/valkey", "release": "unreleased"}}
	sentinel := {"file": "s.yaml", "object": {
		"kind": "RedisSentinel",
		"spec": {"kubernetesConfig": {"image": "registry/valkey:unreleased"}},
	}}
	image_mutable.deny == set() with input as {
		"environment": {"stage": "production"},
		"spec": {"containers": {"images": stores}},
		"documents": [sentinel],
	}
}
