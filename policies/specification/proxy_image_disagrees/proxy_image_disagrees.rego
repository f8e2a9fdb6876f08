# METADATA
# title: The image of a sidecar is another program's
# description: >-
#   The specification names each program that runs beside the API or on its nodes, and its image by a digest, at two
#   places. Where they differ, one of the two is read and the other one runs.
# custom:
#   id: CON034
#   severity: error
#   owner: platform
#   remediation: Let the last part of the repository under containers.images be the name under containers.sidecar.
#   section: Deployment Configuration, 1. Container Configuration
package specification.proxy_image_disagrees

import rego.v1

# The image of each sidecar, by its name under containers.images.
images := {"proxy": "envoy", "metrics": "node_exporter"}

examined contains pair if {
	some sidecar, image in images
	named := ["containers", "sidecar", sidecar, "image"]
	stored := ["containers", "images", image, "repository"]
	object.get(input.spec, named, null) != null
	pair := {
		"sidecar": sidecar,
		"named": {"path": named, "program": program(object.get(input.spec, named, "none"))},
		"stored": {"path": stored, "program": program(object.get(input.spec, stored, "none"))},
	}
}

program(image) := parts[count(parts) - 1] if parts := split(image, "/")

deny contains denial if {
	some pair in examined
	pair.named.program != pair.stored.program
	denial := {
		"id": "CON034",
		"message": sprintf("the sidecar %s is %s, and its image that of %s", [
			pair.sidecar, pair.named.program, pair.stored.program,
		]),
		"path": pair.named.path,
		"places": [pair.named.path, pair.stored.path],
		"wanted": pair.stored.program,
	}
}
