# METADATA
# title: An environment runs no release and does not say why
# description: An environment without an image is an exception. An exception without a reason is never ended.
# custom:
#   id: DEP001
#   severity: error
#   owner: platform
#   remediation: Write the reason beside the release, or the digest of a release.
#   section: Deployment Configuration, 1. Container Configuration
package environment.unreleased_without_reason

import data.lib.images
import rego.v1

examined contains found if some found in images.stated

deny contains denial if {
	some found in examined
	image := found.image
	image.release == "unreleased"
	object.get(image, "reason", null) == null
	denial := {
		"id": "DEP001",
		"message": sprintf("the image of %s is unreleased, and no reason is given", [found.name]),
		"path": array.concat(found.path, ["release"]),
	}
}
