# METADATA
# title: A rule of a network policy is not bound to single ports
# description: >-
#   A rule without ports allows all of them, also the administration port that a peer opens with its next version. A
#   range of ports does the same on a smaller scale, and the pod itself decides the number of a named port.
# custom:
#   id: NET003
#   severity: error
#   owner: security
#   remediation: List the numbers of the ports.
#   section: Infrastructure Security, 1. Network Security
package network.ports_unbounded

import data.lib.network
import rego.v1

examined contains rule if some rule in network.rules

unbounded(ports) if count(ports) == 0

unbounded(ports) if {
	some entry in ports
	port := object.get(entry, "port", "every")
	not is_number(port)
}

unbounded(ports) if {
	some entry in ports
	"endPort" in object.keys(entry)
}

deny contains denial if {
	some rule in examined
	unbounded(rule.ports)
	denial := {
		"id": "NET003",
		"message": sprintf("a rule of the policy %s for %s lists no single ports", [rule.policy.name, rule.direction]),
		"path": rule.path,
		"file": rule.policy.file,
		"pointer": rule.pointer,
	}
}
