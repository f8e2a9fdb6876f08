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

# The name of each sidecar's program, and the repository that its image comes from.
sidecars := {
	"proxy": {
		"image": "envoy",
		"named": object.get(input.spec, ["containers", "sidecar", "proxy", "image"], null),
		"stored": object.get(input.spec, ["containers", "images", "envoy", "repository"], "none"),
	},
	"metrics": {
		"image": "node_exporter",
		"named": object.get(input.spec, ["containers", "sidecar", "metrics", "image"], null),
		"stored": object.get(input.spec, ["containers", "images", "node_exporter", "repository"], "none"),
	},
}

examined contains pair if {
	some sidecar, stated in sidecars
	stated.named != null
	pair := {
		"sidecar": sidecar,
		"named": {"path": ["containers", "sidecar", sidecar, "image"], "program": program(stated.named)},
		"stored": {
			"path": ["containers", "images", stated.image, "repository"],
			"program": program(stated.stored),
		},
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
