# METADATA
# title: A network policy allows everyone
# description: >-
#   A rule without peers, or with a range of every address, allows traffic with the whole world, so that every
#   narrower rule is pointless.
# custom:
#   id: K8S013
#   severity: error
#   owner: security
#   remediation: Name the peers of the rule, by namespace, pod or address range.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package kubernetes.network_open_to_everyone

import data.lib.kubernetes
import rego.v1

peers_key := {"ingress": "from", "egress": "to"}

examined contains opening if {
	some item in kubernetes.objects
	item.kind == "NetworkPolicy"
	some direction, key in peers_key
	some index, rule in object.get(item.spec, direction, [])
	opening := {"item": item, "direction": direction, "index": index, "peers": object.get(rule, key, [])}
}

everyone(peers) if count(peers) == 0

everyone(peers) if {
	some peer in peers
	object.get(peer, ["ipBlock", "cidr"], "") in {"0.0.0.0/0", "::/0"}
}

deny contains denial if {
	some opening in examined
	everyone(opening.peers)
	denial := {
		"id": "K8S013",
		"message": sprintf("the policy %s allows %s with everyone", [opening.item.name, opening.direction]),
		"path": ["network", "segmentation", "traffic", opening.direction],
		"file": opening.item.file,
		"pointer": sprintf("/spec/%s/%d", [opening.direction, opening.index]),
	}
}
