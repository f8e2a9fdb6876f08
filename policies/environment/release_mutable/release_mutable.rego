# METADATA
# title: A release is named by something that can change
# description: >-
#   A tag can be moved to another image after it was reviewed, scanned and signed, and two pods of one Deployment may
#   then run different code. A digest cannot.
# custom:
#   id: DEP003
#   severity: error
#   owner: security
#   remediation: Write the image's digest, sha256 and 64 hexadecimal digits, as its release.
#   section: Deployment Configuration, 1. Container Configuration
package environment.release_mutable

import data.lib.images
import rego.v1

examined contains found if {
	input.environment.stage != "development"
	some found in images.stated
}

fixed(release) if release == "unreleased"

fixed(release) if regex.match(`^sha256:[0-9a-f]{64}$`, release)

deny contains denial if {
	some found in examined
	release := found.image.release
	not fixed(release)
	denial := {
		"id": "DEP003",
		"message": sprintf("the release '%s' is a tag, not a digest", [release]),
		"path": array.concat(found.path, ["release"]),
		"wanted": "the digest of a signed image",
	}
}
