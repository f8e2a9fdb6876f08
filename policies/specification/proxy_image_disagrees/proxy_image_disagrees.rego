# METADATA
# title: The image of the proxy is another program's
# description: >-
#   The specification names the program that runs beside the API, and its image by a digest, at two places. Where they
#   differ, one of the two is read and the other one runs.
# custom:
#   id: CON034
#   severity: error
#   owner: platform
#   remediation: Let the last part of containers.images.envoy.repository be the name in containers.sidecar.proxy.image.
#   section: Deployment Configuration, 1. Container Configuration
package specification.proxy_image_disagrees

import rego.v1

named := ["containers", "sidecar", "proxy", "image"]

stored := ["containers", "images", "envoy", "repository"]

examined contains pair if {
	parts := split(input.spec.containers.images.envoy.repository, "/")
	pair := {
		"named": last(split(input.spec.containers.sidecar.proxy.image, "/")),
		"stored": last(parts),
	}
}

last(parts) := parts[count(parts) - 1]

deny contains denial if {
	some pair in examined
	pair.named != pair.stored
	denial := {
		"id": "CON034",
		"message": sprintf("the proxy is %s, and its image that of %s", [pair.named, pair.stored]),
		"path": named,
		"places": [named, stored],
		"wanted": pair.stored,
	}
}
