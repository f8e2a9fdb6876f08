# METADATA
# title: PostgreSQL accepts fewer connections than are opened to it
# description: >-
#   The poolers' connections, the workers' own and those that are kept for the operator and Vault come out of one
#   number. When it is too small, the last to connect is refused, which may be the operator that should repair the
#   failure.
# custom:
#   id: STO003
#   severity: error
#   owner: data
#   remediation: >-
#     Raise max_connections and the connectionLimit of the API's role to the sum of the poolers' connections, one
#     direct connection of each worker at least, the other roles' limits and superuser_reserved_connections.
#   section: Resource Management, 2. Connection Management
package stores.server_connections_exceeded

import data.lib.rollouts
import data.lib.stores
import rego.v1

examined contains server if {
	some cluster in stores.clusters
	parameters := object.get(cluster.spec, ["postgresql", "parameters"], {})
	server := {
		"cluster": cluster,
		"maximum": stores.number(object.get(parameters, "max_connections", 100)),
		"reserved": stores.number(object.get(parameters, "superuser_reserved_connections", 3)),
		"limits": {role.name: stores.number(object.get(role, "connectionLimit", -1)) |
			some role in object.get(cluster.spec, ["managed", "roles"], [])
			object.get(role, "login", false) == true
		},
	}
}

deny contains denial if {
	some server in examined
	opened := sum([limit | some limit in server.limits]) + server.reserved
	opened > server.maximum
	denial := {
		"id": "STO003",
		"message": sprintf(
			"the roles of %s may open %d connections with those that are reserved, and max_connections is %d",
			[server.cluster.name, opened, server.maximum],
		),
		"path": ["compute", "database_tier", "resources", "cpu", "reserved"],
		"file": server.cluster.file,
		"pointer": "/spec/postgresql/parameters/max_connections",
	}
}

# The role that serves is the one whose connections the poolers share. One that reads in a cluster that stands by has no
# pooler: STO022 counts its connections.
deny contains denial if {
	some server in examined
	some role in {login.role | some login in stores.logins; login.serves; login.writes}
	limit := object.get(server.limits, role, 0)
	workers := rollouts.api * input.settings.process.workers
	opened := sum([pooler.servers | some pooler in stores.poolers]) + workers
	opened > limit
	denial := {
		"id": "STO003",
		"message": sprintf(
			"the role %s may open %d connections, and its poolers and workers open %d",
			[role, limit, opened],
		),
		"path": ["connections", "database", "pool_size"],
		"places": array.concat(rollouts.connection_places, [["compute", "database_tier", "resources", "cpu", "reserved"]]),
		"excess": opened - limit,
		"file": server.cluster.file,
		"pointer": "/spec/managed/roles",
	}
}
