# METADATA
# title: Production follows the branch that everyone merges to
# description: >-
#   Argo CD applies the commit to which an environment's revision points. Where production follows the trunk, every
#   merge is in production within minutes, and no other environment has run it before.
# custom:
#   id: DEP011
#   severity: error
#   owner: platform
#   remediation: Name a branch or tag that is moved on purpose once the environments before have run the change.
#   section: Deployment Configuration, 2. Orchestration
package environment.promotion_missing

import data.thresholds
import rego.v1

examined contains input.environment.delivery.revision if input.environment.stage == "production"

deny contains denial if {
	some revision in examined
	revision in thresholds.trunks
	denial := {
		"id": "DEP011",
		"message": sprintf("production follows '%s', which every merge moves", [revision]),
		"path": ["environment", "delivery", "revision"],
		"places": [["environment", "delivery", "revision"]],
		"given": [["environment", "stage"]],
	}
}
