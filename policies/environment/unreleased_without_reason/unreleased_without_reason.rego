# METADATA
# title: An environment runs no release and does not say why
# description: An environment without an image is an exception. An exception without a reason is never ended.
# custom:
#   id: DEP001
#   severity: error
#   owner: platform
#   remediation: Write environment.image.reason, or the digest of a release.
#   section: Deployment Configuration, 1. Container Configuration
package environment.unreleased_without_reason

import rego.v1

examined contains input.environment.image

deny contains denial if {
	some image in examined
	image.release == "unreleased"
	object.get(image, "reason", null) == null
	denial := {
		"id": "DEP001",
		"message": "the image is unreleased, and no reason is given",
		"path": ["environment", "image", "release"],
	}
}
