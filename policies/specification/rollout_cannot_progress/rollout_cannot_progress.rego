# METADATA
# title: An update can neither add nor remove a pod, or removes them all
# description: >-
#   With no surplus pod and none that may be missing, Kubernetes refuses the Deployment. With as many missing as there
#   are at least, an update at the quietest hour takes the service down.
# custom:
#   id: CON017
#   severity: error
#   owner: platform
#   remediation: Set max_surge to 1 or more, and max_unavailable below replicas.min.
#   section: Deployment Configuration, 2. Orchestration
package specification.rollout_cannot_progress

import rego.v1

examined contains input.spec.orchestration.configuration

deny contains denial if {
	some configuration in examined
	configuration.rolling_update.max_surge + configuration.rolling_update.max_unavailable == 0
	denial := {
		"id": "CON017",
		"message": "max_surge and max_unavailable are both 0, so that no pod can be replaced",
		"path": ["orchestration", "configuration", "rolling_update", "max_surge"],
		"places": [["orchestration", "configuration", "rolling_update", name] |
			some name in ["max_surge", "max_unavailable"]
		],
	}
}

deny contains denial if {
	some configuration in examined
	configuration.rolling_update.max_unavailable >= configuration.replicas.min
	denial := {
		"id": "CON017",
		"message": sprintf(
			"an update may take down %d pods, and there may be no more than %d (replicas.min)",
			[configuration.rolling_update.max_unavailable, configuration.replicas.min],
		),
		"path": ["orchestration", "configuration", "rolling_update", "max_unavailable"],
		"places": [
			["orchestration", "configuration", "rolling_update", "max_unavailable"],
			["orchestration", "configuration", "replicas", "min"],
		],
	}
}
