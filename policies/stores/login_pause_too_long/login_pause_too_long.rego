# METADATA
# title: A pooler goes on refusing clients after a password has changed
# description: >-
#   When PgBouncer cannot log in to PostgreSQL, as between a change of the password and its arrival, it hands the error
#   to every client, without another attempt, until server_login_retry is over, for 15 seconds if it is not stated. So
#   the new password fails, too. A pause that is no longer than an attempt to connect may take is over at the next one.
# custom:
#   id: STO017
#   severity: error
#   owner: data
#   remediation: >-
#     Render a server_login_retry, in whole seconds from 1 on, within load_balancing.database.connection_timeout.
#   section: Infrastructure Security, 2. Access Control
package stores.login_pause_too_long

import data.lib.stores
import rego.v1

examined contains pause if {
	some pooler in stores.poolers
	pause := {
		"item": pooler.item,
		"seconds": stores.number(object.get(
			pooler.item.spec,
			["pgbouncer", "parameters", "server_login_retry"],
			15,
		)),
	}
}

# A pooler that does not pause at all calls a server that is down again and again.
suits(seconds, timeout) if {
	seconds > 0
	seconds <= timeout
}

deny contains denial if {
	some pause in examined
	timeout := input.spec.load_balancing.database.connection_timeout
	seconds := pause.seconds
	not suits(seconds, timeout)
	denial := {
		"id": "STO017",
		"message": sprintf(
			"%s refuses clients for %d seconds after a failed login, and an attempt to connect takes at most %d",
			[pause.item.name, seconds, timeout],
		),
		"path": ["load_balancing", "database", "connection_timeout"],
		"file": pause.item.file,
		"pointer": "/spec/pgbouncer/parameters",
	}
}
