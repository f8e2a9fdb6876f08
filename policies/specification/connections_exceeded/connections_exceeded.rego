# METADATA
# title: The pods can open more database connections than the pooler accepts
# description: >-
#   Every worker process of every pod has a pool of its own, and during an update surplus and terminating pods have
#   theirs too. When the sum passes the pooler's limit, the newest pods cannot connect, at the highest load.
# custom:
#   id: CON012
#   severity: error
#   owner: data
#   remediation: Lower connections.database.pool_size, or raise load_balancing.database.max_connections.
#   section: Resource Management, 2. Connection Management
package specification.connections_exceeded

import data.lib.rollouts
import rego.v1

examined contains demand if {
	demand := {
		"instances": input.spec.compute.application_tier.instances.max,
		"pods": rollouts.api,
		"workers": input.settings.process.workers,
		"pool": input.settings.database.pool_size + input.settings.database.read_pool_size,
		"limit": input.spec.load_balancing.database.max_connections,
	}
}

deny contains denial if {
	some demand in examined
	total := (demand.pods * demand.workers) * demand.pool
	total > demand.limit
	denial := {
		"id": "CON012",
		"message": sprintf(
			"(%d instances + %d during an update) x %d workers x %d connections = %d, but the pooler accepts %d",
			[
				demand.instances,
				demand.pods - demand.instances,
				demand.workers,
				demand.pool,
				total,
				demand.limit,
			],
		),
		"path": ["connections", "database", "pool_size"],
		"places": rollouts.connection_places,
		"excess": total - demand.limit,
	}
}
