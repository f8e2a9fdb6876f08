# METADATA
# title: A health check has the path of another endpoint
# description: >-
#   The API refuses to start when its liveness or readiness would answer in the place of an endpoint: every pod would crash
#   in a loop.
# custom:
#   id: RUN004
#   severity: error
#   owner: platform
#   remediation: Choose a path outside /v1/ and /docs/ that is none of /, /metrics, /openapi.json and /problems, in both sections that name it.
#   section: Deployment Configuration, 1. Container Configuration
package runtime.health_path_taken

import rego.v1

examined contains path if some path in [input.settings.process.health_path, input.settings.process.ready_path]

deny contains denial if {
	some path in examined
	regex.match(`^/(|v1|v1/.*|docs|docs/.*|openapi\.json|problems|metrics)$`, path)
	denial := {
		"id": "RUN004",
		"message": sprintf("the path %s of a health check belongs to another endpoint of the API", [path]),
		"path": ["containers", "application", "health_check", "path"],
	}
}
