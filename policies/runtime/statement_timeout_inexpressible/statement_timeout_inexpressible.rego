# METADATA
# title: PostgreSQL cannot hold the timeout of a statement
# description: >-
#   PostgreSQL counts the timeout of a statement in milliseconds, in 32 bits with a sign. A longer one is refused when the
#   schema is migrated, so that no pod starts.
# custom:
#   id: RUN005
#   severity: error
#   owner: platform
#   remediation: Lower connections.database.timeout; no request should run for days.
#   section: Resource Management, 2. Connection Management
package runtime.statement_timeout_inexpressible

import data.lib.statements
import data.thresholds
import rego.v1

examined contains timeout if timeout := statements.at(["connections", "database", "timeout"])

deny contains denial if {
	some timeout in examined
	timeout.value > thresholds.longest_statement_seconds
	denial := {
		"id": "RUN005",
		"message": sprintf(
			"%s is %d seconds; PostgreSQL holds at most %d",
			[timeout.name, timeout.value, thresholds.longest_statement_seconds],
		),
		"path": timeout.path,
		"places": [timeout.path],
		"excess": timeout.value - thresholds.longest_statement_seconds,
	}
}
