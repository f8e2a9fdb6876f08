# METADATA
# title: Connecting may take as long as a statement
# description: >-
#   The time to connect is part of the time that a caller waits. A connection timeout that is not below the
#   statement's is never reached first: a dead database looks like a slow one, and the pool fills with callers that
#   wait.
# custom:
#   id: CON014
#   severity: error
#   owner: data
#   remediation: Set load_balancing.database.connection_timeout below connections.database.timeout.
#   section: Infrastructure Scaling, 3. Load Balancing
package specification.connecting_outlasts_statement

import data.lib.statements
import data.lib.units
import rego.v1

examined contains pair if {
	pair := {
		"connect": statements.at(["load_balancing", "database", "connection_timeout"]),
		"statement": statements.at(["connections", "database", "timeout"]),
	}
}

deny contains denial if {
	some pair in examined
	pair.connect.value >= pair.statement.value
	denial := {
		"id": "CON014",
		"message": sprintf(
			"%s is %s, which is not below %s (%s)",
			[
				pair.connect.name,
				units.seconds(pair.connect.value),
				pair.statement.name,
				units.seconds(pair.statement.value),
			],
		),
		"path": pair.connect.path,
		"places": [pair.connect.path, pair.statement.path],
	}
}
