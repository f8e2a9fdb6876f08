# METADATA
# title: An environment's stage contradicts its name
# description: >-
#   The stage decides how strict the policies are, and each environment states its own. A reader of the name
#   production trusts that it is judged as production.
# custom:
#   id: DEP012
#   severity: error
#   owner: platform
#   remediation: Give the environment the stage that its name says, or another name.
#   section: Deployment Configuration, 2. Orchestration
package environment.stage_contradicts_name

import data.thresholds
import rego.v1

examined contains {"name": input.environment.name, "stage": input.environment.stage}

deny contains denial if {
	some environment in examined
	some stage, _ in thresholds.least_zones
	stage in split(environment.name, "-")
	stage != environment.stage
	denial := {
		"id": "DEP012",
		"message": sprintf("the environment %s says that its stage is %s", [environment.name, environment.stage]),
		"path": ["environment", "stage"],
		"places": [["environment", "stage"]],
		"given": [["environment", "name"]],
	}
}
