# METADATA
# title: Rendered network policies
# description: The rules of every NetworkPolicy, and which pods a selector matches.
package lib.network

import data.lib.kubernetes
import rego.v1

peers_key := {"ingress": "from", "egress": "to"}

policies contains item if {
	some item in kubernetes.objects
	item.kind == "NetworkPolicy"
}

# rules holds every rule of every policy, with its direction and where in its file it is.
rules contains found if {
	some policy in policies
	holder := object.remove(policy, ["spec"])
	some direction, key in peers_key
	some index, rule in object.get(policy.spec, direction, [])
	found := {
		"policy": holder,
		"direction": direction,
		"side": key,
		"peers": object.get(rule, key, []),
		"ports": object.get(rule, "ports", []),
		"pointer": sprintf("/spec/%s/%d", [direction, index]),
		"path": ["network", "segmentation", "traffic", direction],
	}
}

# nobody says whether a peer can be no pod: it would have to have a label, and not to have it.
nobody(peer) if {
	expressions := object.get(peer, ["podSelector", "matchExpressions"], [])
	present := {item.key | some item in expressions; item.operator == "Exists"}
	absent := {item.key | some item in expressions; item.operator == "DoesNotExist"}
	count(present & absent) > 0
}

# selects says whether a selector of pods matches labels, by equality and by the presence of keys.
selects(selector, labels) if {
	wanted := object.get(selector, "matchLabels", {})
	kubernetes.selects(wanted, labels)
	keys := {item.key | some item in object.get(selector, "matchExpressions", []); item.operator == "Exists"}
	count(keys - object.keys(labels)) == 0
	count(keys) == count(object.get(selector, "matchExpressions", []))
}
