# METADATA
# title: A namespace does not deny traffic by default
# description: >-
#   Network policies only add permissions: without one that selects every pod and allows nothing, a pod that no
#   other policy selects may connect to any other, and be reached by any.
# custom:
#   id: K8S012
#   severity: error
#   owner: security
#   remediation: Render a NetworkPolicy for every pod of the namespace, for ingress and egress, with rules for nobody.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package kubernetes.default_deny_missing

import data.lib.kubernetes
import data.lib.network
import rego.v1

examined contains zone if {
	some item in kubernetes.objects
	item.kind == "Namespace"
	zone := {"namespace": item.name, "file": item.file}
}

denied(namespace, direction) if {
	some item in kubernetes.of("NetworkPolicy", namespace)
	count(object.get(item.spec, "podSelector", {"all": "missing"})) == 0
	direction in object.get(item.spec, "policyTypes", [])
	every rule in object.get(item.spec, lower(direction), []) {
		for_nobody(object.get(rule, peers_key[direction], []))
	}
}

peers_key := {"Ingress": "from", "Egress": "to"}

for_nobody(peers) if {
	count(peers) > 0
	every peer in peers {
		network.nobody(peer)
	}
}

deny contains denial if {
	some zone in examined
	some direction in ["Ingress", "Egress"]
	namespace := zone.namespace
	not denied(namespace, direction)
	denial := {
		"id": "K8S012",
		"message": sprintf("%s is not denied by default in the namespace %s", [lower(direction), namespace]),
		"path": ["network", "segmentation", "zones"],
		"file": zone.file,
	}
}
