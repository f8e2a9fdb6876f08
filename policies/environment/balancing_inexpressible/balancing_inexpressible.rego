# METADATA
# title: The cloud cannot balance load as the specification says
# description: >-
#   An Application Gateway balances by round robin, takes a pod for healthy after one answer, and admits every network.
#   It has no setting for another algorithm, a higher threshold, or the networks of its clients.
# custom:
#   id: DEP013
#   severity: warning
#   owner: platform
#   remediation: >-
#     Accept the difference, or choose a value that every cloud supports. The rules of the gateway's subnet, which
#     bootstrap.md names, take the place of the networks.
#   section: Infrastructure Scaling, 3. Load Balancing
package environment.balancing_inexpressible

import rego.v1

# What a cloud does whatever it is told; one that is not named here does as it is told.
fixed := {"azure": {"algorithm": "Round Robin", "healthy_threshold": 1, "ingress": "every network"}}

statements := [
	{"field": "algorithm", "path": ["load_balancing", "application", "algorithm"]},
	{"field": "healthy_threshold", "path": ["load_balancing", "application", "health_check", "healthy_threshold"]},
	{"field": "ingress", "path": ["network", "segmentation", "traffic", "ingress"]},
]

examined contains statement if {
	some item in statements
	says := object.get(input.spec, item.path, null)
	does := object.get(fixed, [input.cluster.platform, item.field], says)
	statement := {"field": item.field, "path": item.path, "says": says, "does": does}
}

deny contains denial if {
	some statement in examined
	statement.says != statement.does
	denial := {
		"id": "DEP013",
		"message": sprintf("%s balances as if %s were %v", [input.cluster.platform, statement.field, statement.does]),
		"path": statement.path,
		"places": [statement.path],
		"given": [["environment", "clusters", input.cluster.name, "platform"]],
	}
}
