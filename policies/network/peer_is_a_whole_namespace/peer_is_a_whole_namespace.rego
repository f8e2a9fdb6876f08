# METADATA
# title: A network policy names a whole namespace as its peer
# description: >-
#   A peer without labels of pods is every pod of its namespace, also the one that somebody starts there tomorrow; a
#   peer without a namespace is every such pod of the policy's own.
# custom:
#   id: NET002
#   severity: error
#   owner: security
#   remediation: Name the peer by its namespace and by the labels of its pods together.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package network.peer_is_a_whole_namespace

import data.lib.network
import rego.v1

selectors := ["namespaceSelector", "podSelector"]

examined contains peer if {
	some rule in network.rules
	some index, fields in rule.peers
	not "ipBlock" in object.keys(fields)
	open := {selector | some selector in selectors; count(object.get(fields, selector, {})) == 0}
	peer := {"rule": rule, "open": open, "pointer": sprintf("%s/%s/%d", [rule.pointer, rule.side, index])}
}

deny contains denial if {
	some peer in examined
	count(peer.open) > 0
	rule := peer.rule
	denial := {
		"id": "NET002",
		"message": sprintf(
			"a peer of the policy %s has no %s",
			[rule.policy.name, concat(" and no ", sort(peer.open))],
		),
		"path": rule.path,
		"file": rule.policy.file,
		"pointer": peer.pointer,
	}
}
