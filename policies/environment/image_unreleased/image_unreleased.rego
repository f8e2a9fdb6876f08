# METADATA
# title: An environment that others rely on runs no release
# description: >-
#   Outside development somebody relies on the service. Without a digest there is nothing to deploy, to scan or to roll
#   back to.
# custom:
#   id: DEP002
#   severity: warning
#   owner: platform
#   remediation: Build and sign the image, and write its digest as environment.image.release.
#   section: Deployment Configuration, 1. Container Configuration
package environment.image_unreleased

import rego.v1

examined contains input.environment.image if input.environment.stage != "development"

deny contains denial if {
	some image in examined
	image.release == "unreleased"
	denial := {
		"id": "DEP002",
		"message": sprintf("the image %s is unreleased in %s", [image.repository, input.environment.stage]),
		"path": ["environment", "image", "release"],
		"wanted": "the digest of a signed image",
	}
}
