# METADATA
# title: A safeguard of access control is switched off
# description: >-
#   Multi-factor login, roles, the audit trail and the rotation of secrets each stop a different attack, and regulators
#   ask for every one of them. None is switched off in any environment: the first three steps of an attacker are in the
#   weakest.
# custom:
#   id: CON022
#   severity: error
#   owner: security
#   remediation: Write true.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package specification.access_control_weakened

import data.lib.statements
import rego.v1

safeguards := [
	["access_control", "infrastructure", "authentication", "mfa"],
	["access_control", "infrastructure", "authorization", "rbac"],
	["access_control", "infrastructure", "authorization", "audit"],
	["access_control", "secrets", "rotation", "enabled"],
]

examined contains safeguard if {
	some path in safeguards
	safeguard := statements.at(path)
}

deny contains denial if {
	some safeguard in examined
	safeguard.value == false
	denial := {
		"id": "CON022",
		"message": sprintf("%s is switched off", [safeguard.name]),
		"path": safeguard.path,
		"places": [safeguard.path],
	}
}
