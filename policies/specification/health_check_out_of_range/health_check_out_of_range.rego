# METADATA
# title: A health check is outside the load balancer's range
# description: >-
#   An Application Load Balancer checks every 5 to 300 seconds, waits 2 to 120, and counts 2 to 10 answers. Anything else is
#   refused when the Ingress is synced, and no request is routed.
# custom:
#   id: CON027
#   severity: error
#   owner: platform
#   remediation: Write a value within the load balancer's range.
#   section: Infrastructure Scaling, 3. Load Balancing
package specification.health_check_out_of_range

import data.lib.statements
import data.thresholds
import rego.v1

examined contains setting if {
	some name, range in thresholds.load_balancer_health_check
	statement := statements.at(["load_balancing", "application", "health_check", name])
	setting := {"statement": statement, "least": range.least, "most": range.most}
}

deny contains denial if {
	some setting in examined
	out_of_range(setting)
	denial := {
		"id": "CON027",
		"message": sprintf(
			"%s is %d; the load balancer takes %d to %d",
			[setting.statement.name, setting.statement.value, setting.least, setting.most],
		),
		"path": setting.statement.path,
		"places": [setting.statement.path],
	}
}

out_of_range(setting) if setting.statement.value < setting.least

out_of_range(setting) if setting.statement.value > setting.most
