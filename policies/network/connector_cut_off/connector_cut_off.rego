# METADATA
# title: A connector cannot send what it is stated for
# description: >-
#   A system sends notifications through the load balancer, from ranges that the environment states, to the connector of
#   components.integration_layer that is for it. Without either nothing of it is taken, and nothing else says so.
# custom:
#   id: NET017
#   severity: error
#   owner: platform
#   remediation: List the connector's feature and state the ranges that it sends from, or take the connector away.
#   section: System Components, 1. Architecture Components
package network.connector_cut_off

import rego.v1

features := {"fis": "FIS connector", "core_banking": "Core banking interface"}

examined contains sender if {
	some index, connector in input.environment.connectors
	from := connector.addresses
	sender := {
		"name": connector.name,
		"from": from,
		"path": ["environment", "connectors", index, "addresses"],
		"needed": object.get(features, from, ""),
	}
}

stated := input.environment.addresses

lacks(sender) := sprintf("components.integration_layer lists no %s", [sender.needed]) if {
	sender.needed != ""
	count([1 | some feature in input.spec.components.integration_layer.features; feature == sender.needed]) == 0
}

lacks(sender) := sprintf("addresses.%s states no range", [sender.from]) if {
	sender.needed == ""
	ranges := object.get(stated, sender.from, null)
	ranges == null
}

deny contains denial if {
	some sender in examined
	missing := lacks(sender)
	denial := {
		"id": "NET017",
		"message": sprintf("the connector %s cannot send notifications: %s", [sender.name, missing]),
		"path": sender.path,
	}
}
