# METADATA
# title: A pod may write where its cluster stands by, or cannot where it serves
# description: >-
#   A cluster that stands by follows another one's history: whoever writes there after a promotion that nobody has judged
#   begins a second one. So its pods reach the replicas alone, past every pooler, in sessions that only read. Where the
#   cluster serves, such a session would refuse every change.
# custom:
#   id: STO021
#   severity: error
#   owner: data
#   remediation: >-
#     Give the pods of a standby cluster the address of the Service of all instances, or of the replicas, with
#     default_transaction_read_only=on; and those of one that serves an address without.
#   section: Disaster Recovery, 2. Recovery Plans
#   waivable: false
package stores.standby_session_writes

import data.lib.stores
import rego.v1

examined contains login if some login in stores.logins

# readers holds the Services of each Cluster that lead to no primary of a database that is written.
readers contains host if {
	some cluster in stores.clusters
	some suffix in ["r", "ro"]
	host := sprintf("%s-%s.%s.svc", [cluster.name, suffix, cluster.namespace])
}

faults(login) := {fault |
	not stores.serving
	some fault, found in {
		"may change what it reads": login.writes,
		"leads past the replicas": count({login.host} - readers) > 0,
	}
	found
} | {fault |
	stores.serving
	login.writes == false
	fault := "may change nothing"
}

deny contains denial if {
	some login in examined
	some fault in faults(login)
	denial := {
		"id": "STO021",
		"message": sprintf("%s of the cluster %s %s", [login.variable, input.cluster.name, fault]),
		"path": ["environment", "clusters", input.cluster.name, "role"],
		"file": login.file,
		"pointer": login.pointer,
	}
}
