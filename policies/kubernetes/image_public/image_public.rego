# METADATA
# title: An image is pulled from a public registry
# description: >-
#   A pod that starts while a public registry is out of reach, limits its clients or has dropped the image does not
#   start. The bank's own registry holds copies that were scanned, under the same digests.
# custom:
#   id: K8S043
#   severity: error
#   owner: security
#   remediation: Copy the image to the bank's registry, and write that repository in its statement.
#   section: Deployment Configuration, 1. Container Configuration
package kubernetes.image_public

import data.lib.kubernetes
import data.releases.public_registries
import rego.v1

examined contains container if {
	input.environment.stage != "development"
	some container in kubernetes.containers
	container.installed == false
}

# A name without a host is one of Docker Hub.
host(image) := split(image, "/")[0] if regex.match(`^[^/]+[.:][^/]*/`, image)

host(image) := "docker.io" if not regex.match(`^[^/]+[.:][^/]*/`, image)

deny contains denial if {
	some container in examined
	image := object.get(container.fields, "image", "")
	registry := host(image)
	registry in public_registries
	denial := {
		"id": "K8S043",
		"message": sprintf("the container %s pulls '%s' from %s", [container.name, image, registry]),
		"path": container.path,
		"file": container.file,
		"pointer": kubernetes.at(container, "image"),
	}
}
