# METADATA
# title: A container runs an image that can change
# description: >-
#   Outside development every image is named by digest: a tag can be moved after the review, and the next pod then
#   runs code that was not reviewed. Without a stated image an operator takes its own, by a tag. Another rule judges an
#   environment that has no release yet.
# custom:
#   id: K8S003
#   severity: error
#   owner: security
#   remediation: Name the image by digest, as repository@sha256 and 64 hexadecimal digits.
#   section: Deployment Configuration, 1. Container Configuration
#   waivable: false
package kubernetes.image_mutable

import data.lib.images
import data.lib.kubernetes
import rego.v1

examined contains container if {
	input.environment.stage != "development"
	some container in kubernetes.containers
	container.installed == false
}

fixed(image) if regex.match(`@sha256:[0-9a-f]{64}$`, image)

fixed(image) if {
	some stated in images.stated
	stated.image.release == "unreleased"
	image == sprintf("%s:unreleased", [stated.image.repository])
}

deny contains denial if {
	some container in examined
	image := object.get(container.fields, "image", "")
	not fixed(image)
	denial := {
		"id": "K8S003",
		"message": sprintf("the container %s runs '%s', which is not named by digest", [container.name, image]),
		"path": container.path,
		"file": container.file,
		"pointer": kubernetes.at(container, "image"),
	}
}
