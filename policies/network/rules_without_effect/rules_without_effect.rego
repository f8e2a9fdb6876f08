# METADATA
# title: A network policy has rules that have no effect
# description: >-
#   Rules for a direction that policyTypes does not name are ignored. Where policyTypes is left out, egress is
#   isolated only if there happens to be an egress rule.
# custom:
#   id: NET009
#   severity: error
#   owner: security
#   remediation: Name under policyTypes exactly the directions that the policy has rules for.
#   section: Infrastructure Security, 1. Network Security
package network.rules_without_effect

import data.lib.network
import rego.v1

examined contains policy if some policy in network.policies

names := {"ingress": "Ingress", "egress": "Egress"}

deny contains denial if {
	some policy in examined
	some direction, name in names
	direction in object.keys(policy.spec)
	types := object.get(policy.spec, "policyTypes", [])
	not name in types
	denial := {
		"id": "NET009",
		"message": sprintf("the policy %s has rules for %s, which its policyTypes do not name", [policy.name, direction]),
		"path": ["network", "segmentation", "traffic", direction],
		"file": policy.file,
		"pointer": sprintf("/spec/%s", [direction]),
	}
}
