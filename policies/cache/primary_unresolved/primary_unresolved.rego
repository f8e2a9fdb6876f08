# METADATA
# title: A replica of the cache cannot resolve the name of its primary
# description: >-
#   Where servers speak TLS, the operator tells a replica the name of its primary. One that may not ask for names never
#   begins to follow, and a primary without replicas refuses writes: from the first start on.
# custom:
#   id: CAC006
#   severity: error
#   owner: reliability
#   remediation: Declare a flow from the servers of the cache to DNS.
#   section: Infrastructure Security, 1. Network Security
package cache.primary_unresolved

import data.lib.kubernetes
import rego.v1

dns := {"protocol": "UDP", "port": 53}

examined contains item if {
	some item in kubernetes.objects
	item.kind == "RedisReplication"
	count(object.get(item.spec, ["TLS", "secret"], {})) > 0
}

resolving contains [namespace, labels] if {
	some policy in kubernetes.objects
	policy.kind == "NetworkPolicy"
	namespace := policy.namespace
	labels := object.get(policy.spec, ["podSelector", "matchLabels"], {})
	some rule in object.get(policy.spec, "egress", [])
	dns in object.get(rule, "ports", [])
}

resolves(item) if {
	some [namespace, labels] in resolving
	namespace == item.namespace
	kubernetes.selects(labels, {"app": item.name, "role": "replication"})
}

deny contains denial if {
	some item in examined
	not resolves(item)
	denial := {
		"id": "CAC006",
		"message": sprintf("no policy lets the servers of %s resolve names", [item.name]),
		"path": ["storage", "cache", "type"],
		"file": item.file,
		"pointer": "/spec/TLS",
	}
}
