# METADATA
# title: Scaling thresholds are stated twice and disagree
# description: >-
#   The thresholds of the API layer, those of the application tier and the autoscaler's CPU target describe one
#   behaviour. Where they disagree, the autoscaler follows one of them and readers, alerts and capacity reports believe
#   another.
# custom:
#   id: CON002
#   severity: error
#   owner: platform
#   remediation: >-
#     Write one pair of thresholds in components.api_layer.scaling and compute.application_tier.scaling, and scale_up as
#     auto_scaling.application.triggers.cpu.target.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package specification.scaling_thresholds_disagree

import data.lib.statements
import rego.v1

api_layer := ["components", "api_layer", "scaling", "thresholds"]

tier := ["compute", "application_tier", "scaling", "thresholds"]

# The statements that say one threshold. Each pair of them is compared, so that one finding names each that differs.
said := [
	[array.concat(api_layer, ["scale_down"]), array.concat(tier, ["scale_down"])],
	[
		array.concat(api_layer, ["scale_up"]),
		array.concat(tier, ["scale_up"]),
		["auto_scaling", "application", "triggers", "cpu", "target"],
	],
]

examined contains pair if {
	some paths in said
	some index, path in paths
	some later, other in paths
	index < later
	pair := {"edited": statements.at(path), "other": statements.at(other)}
}

deny contains denial if {
	some pair in examined
	pair.edited.value != pair.other.value
	denial := {
		"id": "CON002",
		"message": sprintf(
			"%s is %d%%, but %s is %d%%",
			[pair.edited.name, pair.edited.value, pair.other.name, pair.other.value],
		),
		"path": pair.edited.path,
		"places": [pair.edited.path, pair.other.path],
	}
}
