# METADATA
# title: The public edge of production is open
# description: >-
#   The load balancer faces the internet. Without TLS, credentials cross it in clear text; without the firewall and the
#   protection against denial of service, it is the first thing to be tried and the first to fall.
# custom:
#   id: CON023
#   severity: error
#   owner: security
#   remediation: Write true, at least in production.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package specification.edge_unprotected

import data.lib.statements
import rego.v1

protections := [
	["load_balancing", "application", "ssl_termination"],
	["network", "protection", "ddos", "enabled"],
	["network", "protection", "waf", "enabled"],
]

examined contains protection if {
	input.environment.stage == "production"
	some path in protections
	protection := statements.at(path)
}

deny contains denial if {
	some protection in examined
	protection.value == false
	denial := {
		"id": "CON023",
		"message": sprintf("%s is switched off in production", [protection.name]),
		"path": protection.path,
		"places": [protection.path],
		"given": [["environment", "stage"]],
	}
}
