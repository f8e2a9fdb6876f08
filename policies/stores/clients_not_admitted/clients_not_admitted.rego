# METADATA
# title: The pods' pools are larger than what one instance of a pooler admits
# description: >-
#   Every worker of every pod keeps a pool for writing and one for reading, and during an update surplus pods keep
#   theirs too. Reads go to the pooler of the replicas, and to the primary's while no replica is as recent. Connections stay where they were opened: after a drain or an update of the pooler one of its instances
#   may have nearly all of them, whatever the others still admit. What it does not admit is refused, in the newest pods
#   and at the highest load. A pooler of a single instance admits nobody while that one is drained.
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

workers := rollouts.api * input.settings.process.workers

demand(pooler) := workers * input.settings.database.read_pool_size if reads_only(pooler)

demand(pooler) := workers * (pools.pool_size + pools.read_pool_size) if {
	not reads_only(pooler)
	pools := input.settings.database
}

reads_only(pooler) if object.get(pooler.item.spec, "type", "rw") == "ro"

deny contains denial if {
	some pooler in examined
	demand(pooler) > pooler.drained
	denial := {
		"id": "STO001",
		"message": sprintf(
			"the pods keep up to %d connections to the pooler %s, and the last of its instances admits %d",
			[demand(pooler), pooler.item.name, pooler.drained],
		),
		"path": ["connections", "database", "pool_size"],
		"places": rollouts.connection_places,
		"excess": demand(pooler) - pooler.drained,
		"file": pooler.item.file,
		"pointer": "/spec/pgbouncer/parameters/max_client_conn",
	}
}
