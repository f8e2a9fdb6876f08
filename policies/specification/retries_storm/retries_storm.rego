# METADATA
# title: Retries multiply an outage
# description: >-
#   Clients that retry at once, at the same moment or without end keep a recovering database down: every retry is one
#   more request when it can bear the fewest.
# custom:
#   id: CON020
#   severity: error
#   owner: reliability
#   remediation: List Exponential backoff, Jitter and Maximum attempts in fault_tolerance.retry_policies.patterns.
#   section: High Availability, 2. Fault Tolerance
package specification.retries_storm

import rego.v1

needed := {"Exponential backoff", "Jitter", "Maximum attempts"}

examined contains input.spec.fault_tolerance.retry_policies.patterns if {
	input.spec.connections.database.retry == "Exponential"
}

deny contains denial if {
	some patterns in examined
	some pattern in needed - {listed | some listed in patterns}
	denial := {
		"id": "CON020",
		"message": sprintf("connections.database.retry is Exponential, but retries have no '%s'", [pattern]),
		"path": ["fault_tolerance", "retry_policies", "patterns"],
		"places": [["fault_tolerance", "retry_policies", "patterns"], ["connections", "database", "retry"]],
	}
}
