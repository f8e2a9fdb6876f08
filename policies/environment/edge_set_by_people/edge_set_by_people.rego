# METADATA
# title: The edge of this cloud is set up by people
# description: >-
#   The firewall of an Application Gateway, its limits and its capacity belong to the gateway: no object of the cluster
#   states them. An Ingress can name a firewall policy that others own, and nothing here sees its rules. Its log goes
#   where a diagnostic setting says. No private record of Azure follows the health of what it leads to, so that a person
#   leads a name to another region.
# custom:
#   id: DEP031
#   severity: warning
#   owner: security
#   remediation: >-
#     Set up what bootstrap.md names, with the managed rule set of OWASP, and state the policy under balancers.firewall.
#   section: Infrastructure Security, 1. Network Security
package environment.edge_set_by_people

import data.lib.statements
import rego.v1

# Clouds whose edge is an object of the cluster.
rendering := {"aws"}

protections := [
	["network", "protection", "ddos", "enabled"],
	["network", "protection", "ddos", "auto_scale"],
	["network", "protection", "waf", "enabled"],
]

examined contains protection if {
	some path in protections
	protection := statements.at(path)
}

examined contains protection if {
	path := ["redundancy", "application", "failover"]
	count(input.environment.clusters) > 1
	stated := statements.at(path)
	"Automatic detection" in stated.value
	protection := object.union(stated, {"value": true})
}

examined contains protection if {
	path := ["environment", "clusters", input.cluster.name, "balancers", "access_logs"]
	object.get(input.cluster, ["balancers", "access_logs"], null) != null
	protection := {"path": path, "name": concat(".", path), "value": true}
}

deny contains denial if {
	some protection in examined
	protection.value == true
	count({input.cluster.platform} - rendering) > 0
	denial := {
		"id": "DEP031",
		"message": sprintf("nothing that is rendered for %s acts on %s", [input.cluster.platform, protection.name]),
		"path": protection.path,
		"places": [protection.path],
		"given": [["environment", "clusters", input.cluster.name, "platform"]],
	}
}
