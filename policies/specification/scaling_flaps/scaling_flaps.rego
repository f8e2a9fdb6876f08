# METADATA
# title: A tier grows and shrinks at the same load
# description: >-
#   Without a gap between the threshold that adds instances and the one that removes them, every added instance brings
#   the load below the second threshold, and the tier starts and stops pods without end.
# custom:
#   id: CON008
#   severity: error
#   owner: platform
#   remediation: Set scale_down well below scale_up, as 30% and 70%.
#   section: Resource Management, 1. Compute Resources
package specification.scaling_flaps

import data.lib.statements
import rego.v1

places := [
	["components", "api_layer", "scaling", "thresholds"],
	["compute", "application_tier", "scaling", "thresholds"],
]

examined contains thresholds if {
	some path in places
	thresholds := {
		"up": statements.at(array.concat(path, ["scale_up"])),
		"down": statements.at(array.concat(path, ["scale_down"])),
	}
}

deny contains denial if {
	some thresholds in examined
	thresholds.down.value >= thresholds.up.value
	denial := {
		"id": "CON008",
		"message": sprintf(
			"%s is %d%%, which is not below scale_up (%d%%)",
			[thresholds.down.name, thresholds.down.value, thresholds.up.value],
		),
		"path": thresholds.down.path,
		"places": [thresholds.down.path, thresholds.up.path],
	}
}
