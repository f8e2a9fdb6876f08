# METADATA
# title: The pods' pools are larger than what a pooler admits with one instance away
# description: >-
#   Every worker of every pod keeps a pool for writing and one for reading, and during an update surplus pods keep
#   theirs too. When a node is drained, the pooler's other instances take its clients as well. What they do not admit
#   is refused, in the newest pods and at the highest load.
# custom:
#   id: STO001
#   severity: error
#   owner: data
#   remediation: Lower connections.database.pool_size, or raise load_balancing.database.max_connections.
#   section: Resource Management, 2. Connection Management
package stores.clients_not_admitted

import data.lib.rollouts
import data.lib.stores
import rego.v1

examined contains pooler if some pooler in stores.poolers

demand := (rollouts.api * input.settings.process.workers) * input.settings.database.pool_size

deny contains denial if {
	some pooler in examined
	demand > pooler.drained
	denial := {
		"id": "STO001",
		"message": sprintf(
			"the pods keep up to %d connections to the pooler %s, and all but one of its instances admit %d",
			[demand, pooler.item.name, pooler.drained],
		),
		"path": ["connections", "database", "pool_size"],
		"file": pooler.item.file,
		"pointer": "/spec/pgbouncer/parameters/max_client_conn",
	}
}
