# METADATA
# title: A cluster is removed or renamed
# description: >-
#   Its files are gone, so that Argo CD lets go of it and nobody repairs it any more; a cluster under another name
#   starts without data.
# custom:
#   id: TRN006
#   severity: error
#   owner: reliability
#   remediation: >-
#     Write the cluster back under its name. To take it out of service, acknowledge the transition (docs/transitions.md).
#   section: High Availability, 1. Redundancy
#   waivable: false
package transitions.cluster_removed

import rego.v1

examined contains name if some name in input.before.clusters

deny contains denial if {
	some name in examined
	now := object.keys(input.environment.clusters)
	count(now & {name}) == 0
	denial := {
		"id": "TRN006",
		"message": sprintf(
			"the cluster %s is gone, which was deployed; there are now %s",
			[name, concat(", ", sort(now))],
		),
		"path": ["environment", "clusters"],
		"file": sprintf("generated/%s/%s", [input.environment.name, name]),
		"before": "deployed",
		"after": "removed",
	}
}
