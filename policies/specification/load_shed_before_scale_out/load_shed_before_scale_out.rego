# METADATA
# title: Requests are refused before an instance is added
# description: >-
#   At the critical level of memory the service sheds load. The autoscaler's target lies below it, or clients are
#   refused while the tier could still grow.
# custom:
#   id: CON018
#   severity: error
#   owner: reliability
#   remediation: Set auto_scaling.application.triggers.memory.target below limits.memory.monitoring.critical.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package specification.load_shed_before_scale_out

import data.lib.statements
import rego.v1

examined contains pair if {
	pair := {
		"target": statements.at(["auto_scaling", "application", "triggers", "memory", "target"]),
		"critical": statements.at(["limits", "memory", "monitoring", "critical"]),
	}
}

deny contains denial if {
	some pair in examined
	pair.target.value >= pair.critical.value
	denial := {
		"id": "CON018",
		"message": sprintf(
			"%s is %d%%, which is not below %s (%d%%)",
			[pair.target.name, pair.target.value, pair.critical.name, pair.critical.value],
		),
		"path": pair.target.path,
		"places": [pair.target.path, pair.critical.path],
	}
}
