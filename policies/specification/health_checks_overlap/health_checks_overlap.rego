# METADATA
# title: A health check may still wait when the next one starts
# description: >-
#   The load balancer refuses a timeout that is not below the interval, so that the whole update fails in the cloud
#   after everything before it has been applied.
# custom:
#   id: CON016
#   severity: error
#   owner: platform
#   remediation: Set the timeout of load_balancing.application.health_check below its interval.
#   section: Infrastructure Scaling, 3. Load Balancing
package specification.health_checks_overlap

import data.lib.units
import rego.v1

examined contains input.spec.load_balancing.application.health_check

deny contains denial if {
	some check in examined
	check.timeout >= check.interval
	denial := {
		"id": "CON016",
		"message": sprintf(
			"the health check's timeout is %s, which is not below its interval (%s)",
			[units.seconds(check.timeout), units.seconds(check.interval)],
		),
		"path": ["load_balancing", "application", "health_check", "timeout"],
		"places": [["load_balancing", "application", "health_check", name] | some name in ["timeout", "interval"]],
	}
}
