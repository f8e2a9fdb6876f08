# METADATA
# title: The bounds on replicas are stated twice and disagree
# description: >-
#   The autoscaler is given one pair of bounds; capacity and quotas are computed from the other. Where they
#   disagree, the service grows past the size of its database, quota and budget, or never reaches its planned size.
# custom:
#   id: CON001
#   severity: error
#   owner: platform
#   remediation: Write the same number in orchestration.configuration.replicas and compute.application_tier.instances.
#   section: Deployment Configuration, 2. Orchestration
package specification.replicas_disagree

import data.lib.statements
import rego.v1

examined contains pair if {
	some bound in ["min", "max"]
	pair := {
		"replicas": statements.at(["orchestration", "configuration", "replicas", bound]),
		"instances": statements.at(["compute", "application_tier", "instances", bound]),
	}
}

deny contains denial if {
	some pair in examined
	pair.replicas.value != pair.instances.value
	denial := {
		"id": "CON001",
		"message": sprintf(
			"%s is %d, but %s is %d",
			[pair.replicas.name, pair.replicas.value, pair.instances.name, pair.instances.value],
		),
		"path": pair.replicas.path,
		"places": [pair.replicas.path, pair.instances.path],
	}
}
