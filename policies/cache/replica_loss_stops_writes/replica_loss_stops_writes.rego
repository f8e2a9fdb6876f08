# METADATA
# title: The cache refuses writes while one replica is away, or writes alone
# description: >-
#   A primary with fewer replicas than min-replicas-to-write refuses writes, and the API every change. As many as there
#   are would make each restart an outage. Without any, a primary that is cut off goes on writing what a failover loses.
# custom:
#   id: CAC005
#   severity: error
#   owner: reliability
#   remediation: Let min-replicas-to-write be 1 at least, and less than the number of replicas.
#   section: High Availability, 1. Redundancy
package cache.replica_loss_stops_writes

import data.lib.kubernetes
import data.lib.stores
import rego.v1

examined contains servers if {
	some item in kubernetes.objects
	item.kind == "RedisReplication"
	name := object.get(item.spec, ["redisConfig", "additionalRedisConfig"], "")
	texts := {text |
		some document in input.documents
		document.object.kind == "ConfigMap"
		document.object.metadata.name == name
		document.object.metadata.namespace == item.namespace
		some text in document.object.data
	}
	needed := {stores.number(words[1]) |
		some text in texts
		some line in split(text, "\n")
		words := split(line, " ")
		words[0] == "min-replicas-to-write"
	}
	servers := {
		"item": item,
		"replicas": item.spec.clusterSize - 1,
		"needed": sum(needed),
	}
}

suits(needed, replicas) if {
	needed >= 1
	needed < replicas
}

deny contains denial if {
	some servers in examined
	needed := servers.needed
	replicas := servers.replicas
	not suits(needed, replicas)
	denial := {
		"id": "CAC005",
		"message": sprintf("%s writes with %d of %d replicas", [servers.item.name, needed, replicas]),
		"path": ["redundancy", "application", "failover"],
		"file": servers.item.file,
		"pointer": "/spec/redisConfig",
	}
}
