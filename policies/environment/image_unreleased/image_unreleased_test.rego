package environment.image_unreleased_test

import data.environment.image_unreleased
import rego.v1

image(stage) := {"environment": {
	"stage": stage,
	"image": {"repository": "registry.bank.example/api", "release": "unreleased"},
}}

test_development_may_be_unreleased if image_unreleased.deny == set() with input as image("development")

test_production_is_warned_about if {
	denials := image_unreleased.deny with input as image("production")
	{denial.message | some denial in denials} == {"the image registry.bank.example/api is unreleased"}
}
