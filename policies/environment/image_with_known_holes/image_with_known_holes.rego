# METADATA
# title: An image has known holes
# description: >-
#   A program whose holes are published is attacked by them. Each program has a first release of every series without a
#   known hole; an older series gets no fix any more.
# custom:
#   id: DEP026
#   severity: error
#   owner: security
#   remediation: Write a later version and the digest of its image; policies/releases/data.yaml gives the first that do.
#   section: Deployment Configuration, 1. Container Configuration
package environment.image_with_known_holes

import data.lib.images
import data.releases
import rego.v1

examined contains found if {
	some found in images.stated
	object.get(found.image, "version", "") != ""
}

deny contains denial if {
	some found in examined
	known := object.get(releases.images, found.name, {"fixed_in": [], "reason": "no release of it is known"})
	version := found.image.version
	mended := known.fixed_in
	not images.fixed(version, mended)
	denial := {
		"id": "DEP026",
		"message": sprintf("%s %s has known holes: %s", [found.name, version, known.reason]),
		"path": array.concat(found.path, ["version"]),
		"wanted": sprintf("%s or later", [concat(", ", mended)]),
	}
}
