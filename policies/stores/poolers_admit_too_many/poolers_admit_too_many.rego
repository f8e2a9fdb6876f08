# METADATA
# title: The poolers admit more clients than the specification allows
# description: >-
#   The limit is one for all clients of the database. Poolers count each instance on its own, so that the sum over
#   all of them decides, and nothing but this sum notices.
# custom:
#   id: STO002
#   severity: error
#   owner: data
#   remediation: >-
#     Render a max_client_conn whose sum over every instance of every Pooler is within
#     load_balancing.database.max_connections.
#   section: Infrastructure Scaling, 3. Load Balancing
package stores.poolers_admit_too_many

import data.lib.stores
import rego.v1

examined contains pooler if some pooler in stores.poolers

admitted := sum([pooler.clients | some pooler in stores.poolers])

deny contains denial if {
	some pooler in examined
	limit := input.spec.load_balancing.database.max_connections
	admitted > limit
	denial := {
		"id": "STO002",
		"message": sprintf(
			"the poolers together admit %d clients, %d of them by %s, and the limit is %d",
			[admitted, pooler.clients, pooler.item.name, limit],
		),
		"path": ["load_balancing", "database", "max_connections"],
		"file": pooler.item.file,
		"pointer": "/spec/pgbouncer/parameters/max_client_conn",
	}
}
