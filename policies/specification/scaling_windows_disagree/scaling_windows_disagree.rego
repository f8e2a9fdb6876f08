# METADATA
# title: The triggers of one autoscaler ask for different windows
# description: >-
#   Kubernetes has one stabilisation window for all metrics of an autoscaler. Of different ones the longest would count
#   for every trigger, and the others would say what is not so.
# custom:
#   id: CON029
#   severity: error
#   owner: reliability
#   remediation: Give all triggers of the tier the same window.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package specification.scaling_windows_disagree

import data.lib.statements
import rego.v1

tiers := [["auto_scaling", "application", "triggers"], ["auto_scaling", "database", "read_replicas", "triggers"]]

examined contains trigger if {
	some tier in tiers
	triggers := statements.at(tier)
	some name, stated in triggers.value
	some other, longer in triggers.value
	name != other
	trigger := {
		"path": array.concat(tier, [name, "window"]),
		"window": stated.window,
		"other": array.concat(tier, [other, "window"]),
		"longest": longer.window,
	}
}

deny contains denial if {
	some trigger in examined
	trigger.window < trigger.longest
	denial := {
		"id": "CON029",
		"message": sprintf(
			"%s is %d seconds, and %s of the same autoscaler is %d",
			[concat(".", trigger.path), trigger.window, concat(".", trigger.other), trigger.longest],
		),
		"path": trigger.path,
		"places": [trigger.path, trigger.other],
	}
}
