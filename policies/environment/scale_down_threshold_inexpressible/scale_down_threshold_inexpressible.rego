# METADATA
# title: A cluster's Kubernetes cannot express the threshold for scaling down
# description: >-
#   The autoscaler shrinks a tier as soon as a metric is below its target. To wait for the threshold for scaling
#   down it needs a tolerance, which Kubernetes has from 1.35 on; before, the threshold is not enforced, and replicas of
#   the database are added and removed only ten per cent beyond their targets.
# custom:
#   id: DEP010
#   severity: warning
#   owner: platform
#   remediation: Upgrade the cluster, and write its version; until then expect it to shrink earlier than specified.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package environment.scale_down_threshold_inexpressible

import data.thresholds
import rego.v1

examined contains cluster if {
	some name, fields in input.environment.clusters
	cluster := {"name": name, "version": fields.kubernetes}
}

deny contains denial if {
	some cluster in examined
	to_number(split(cluster.version, ".")[1]) < thresholds.first_minor_with_tolerance
	denial := {
		"id": "DEP010",
		"message": sprintf(
			"the cluster %s runs Kubernetes %s, whose autoscaler has no tolerance: 1.%d is the first that has",
			[cluster.name, cluster.version, thresholds.first_minor_with_tolerance],
		),
		"path": ["environment", "clusters", cluster.name, "kubernetes"],
	}
}
