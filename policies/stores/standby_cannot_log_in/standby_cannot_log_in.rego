# METADATA
# title: Pods that stand by cannot log in to the database
# description: >-
#   A server in recovery takes no password, and Vault in its region knows none. The pods log in by a certificate that
#   PostgreSQL's operator makes for their role; it is of no use without the rule of pg_hba that asks for it, or where the
#   pods do not present it. With fewer connections than the pods open, some of their reads fail.
# custom:
#   id: STO022
#   severity: error
#   owner: data
#   remediation: >-
#     Declare the role by a DatabaseRole with clientCertificate, without a password, and with enough connections; admit it
#     in pg_hba by `hostssl <database> <role> all cert`; and have the address name sslcert and sslkey.
#   section: Disaster Recovery, 2. Recovery Plans
package stores.standby_cannot_log_in

import data.lib.kubernetes
import data.lib.rollouts
import data.lib.stores
import rego.v1

examined contains login if {
	some login in stores.logins
	login.writes == false
}

# declarations returns the objects that declare the role of a login, each with the Cluster that it is for.
declarations(login) := {declared |
	some item in kubernetes.objects
	item.kind == "DatabaseRole"
	item.spec.name == login.role
	some cluster in stores.clusters
	cluster.namespace == item.namespace
	cluster.name == item.spec.cluster.name
	declared := {"item": item, "cluster": cluster}
}

admitted(login) if {
	some declared in declarations(login)
	some rule in object.get(declared.cluster.spec, ["postgresql", "pg_hba"], [])
	regex.match(sprintf(`^hostssl [a-z_]+ %s all cert$`, [login.role]), rule)
}

limits(login) := {declared.item.spec.connectionLimit | some declared in declarations(login)}

# accepted returns the most connections of a Cluster besides those that it keeps for its operator, which may be all.
accepted(login) := {most |
	some declared in declarations(login)
	parameters := declared.cluster.spec.postgresql.parameters
	kept := stores.number(object.get(parameters, "superuser_reserved_connections", 3))
	most := max([0, stores.number(parameters.max_connections) - kept])
}

# opened returns the connections of all pods at once: each worker has two pools and a connection to follow changes.
opened(login) := (pods * input.settings.process.workers) * ((database.pool_size + database.read_pool_size) + 1) if {
	database := input.settings.database
	some deployment in kubernetes.objects
	deployment.file == login.file
	replicas := object.get(deployment.spec, "replicas", 1)
	pods := replicas + rollouts.surplus(deployment.spec, replicas)
}

faults(login) := {fault |
	certified := {made.role | some made in stores.certificates}
	some fault, found in {
		"has no certificate": count({login.role} - certified) > 0,
		"has a password": count({declared |
			some declared in declarations(login)
			object.get(declared.item.spec, "disablePassword", false) != true
		}) > 0,
		"presents no certificate": count({"sslcert", "sslkey"} - object.keys(login.parameters)) > 0,
	}
	found
} | {fault |
	not admitted(login)
	fault := "is admitted by no rule of pg_hba"
} | {fault |
	most := opened(login)
	some limit in limits(login)
	limit < most
	fault := sprintf("may open %d connections, and its pods open %d", [limit, most])
} | {fault |
	some limit in limits(login)
	some most in accepted(login)
	limit > most
	fault := sprintf("may open %d connections, and the server accepts %d", [limit, most])
}

deny contains denial if {
	some login in examined
	some fault in faults(login)
	denial := {
		"id": "STO022",
		"message": sprintf("the role %s, which reads where the cluster stands by, %s", [login.role, fault]),
		"path": ["redundancy", "data", "replication"],
		"file": login.file,
		"pointer": login.pointer,
	}
}
