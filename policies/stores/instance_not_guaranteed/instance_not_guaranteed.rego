# METADATA
# title: An instance of the database is not guaranteed its resources
# description: >-
#   Kubernetes keeps CPU and memory for a pod only where every container's requests are its limits, the one that
#   uploads backups too. Any other instance is slowed down by its neighbours, and is evicted when the node runs
#   short.
# custom:
#   id: STO004
#   severity: error
#   owner: data
#   remediation: Give PostgreSQL, and the container of the backup plugin, requests that are equal to their limits.
#   section: Resource Management, 1. Compute Resources
package stores.instance_not_guaranteed

import data.lib.kubernetes
import data.lib.stores
import rego.v1

examined contains part if {
	some cluster in stores.clusters
	part := {
		"item": cluster,
		"who": sprintf("PostgreSQL in %s", [cluster.name]),
		"resources": object.get(cluster.spec, "resources", {}),
		"pointer": "/spec/resources",
	}
}

examined contains part if {
	some cluster in stores.clusters
	name := stores.archive(cluster)
	some store in kubernetes.objects
	store.kind == "ObjectStore"
	store.name == name
	part := {
		"item": store,
		"who": sprintf("the backup plugin in %s", [cluster.name]),
		"resources": object.get(store.spec, ["instanceSidecarConfiguration", "resources"], {}),
		"pointer": "/spec/instanceSidecarConfiguration/resources",
	}
}

deny contains denial if {
	some part in examined
	some resource in ["cpu", "memory"]
	limit := object.get(part.resources, ["limits", resource], 0)
	count({limit} & {object.get(part.resources, ["requests", resource], -1)}) == 0
	denial := {
		"id": "STO004",
		"message": sprintf("%s has no request for %s that is equal to its limit", [part.who, resource]),
		"path": ["compute", "database_tier", "resources"],
		"file": part.item.file,
		"pointer": part.pointer,
	}
}
