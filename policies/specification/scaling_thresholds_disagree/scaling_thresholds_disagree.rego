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

tier := ["compute", "application_tier", "scaling", "thresholds"]

examined contains pair if {
	some threshold in ["scale_up", "scale_down"]
	pair := {
		"edited": statements.at(["components", "api_layer", "scaling", "thresholds", threshold]),
		"other": statements.at(array.concat(tier, [threshold])),
	}
}

examined contains pair if {
	pair := {
		"edited": statements.at(array.concat(tier, ["scale_up"])),
		"other": statements.at(["auto_scaling", "application", "triggers", "cpu", "target"]),
	}
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
		"wanted": sprintf("%d%%", [pair.other.value]),
	}
}
