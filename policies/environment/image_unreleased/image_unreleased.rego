# METADATA
# title: An environment that others rely on runs no release
# description: >-
#   Outside development somebody relies on the service. Without a digest there is nothing to deploy, to scan or to roll
#   back to.
# custom:
#   id: DEP002
#   severity: warning
#   owner: platform
#   remediation: Build and sign the image, or copy it to the bank's registry, and write its digest as its release.
#   section: Deployment Configuration, 1. Container Configuration
package environment.image_unreleased

import data.lib.images
import rego.v1

examined contains found if {
	input.environment.stage != "development"
	some found in images.stated
}

deny contains denial if {
	some found in examined
	image := found.image
	image.release == "unreleased"
	denial := {
		"id": "DEP002",
		"message": sprintf("the image %s is unreleased", [image.repository]),
		"path": array.concat(found.path, ["release"]),
		"wanted": "the digest of a signed image",
	}
}
