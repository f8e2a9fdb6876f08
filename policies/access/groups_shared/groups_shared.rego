# METADATA
# title: Two roles of people name the same group
# description: >-
#   Readers, operators and administrators are told apart by their groups alone. Where two are one group, everybody
#   who may look may also restart, or change what Vault keeps.
# custom:
#   id: ACC010
#   severity: error
#   owner: security
#   remediation: Name a group of its own for each.
#   section: Infrastructure Security, 2. Access Control
package access.groups_shared

import rego.v1

examined contains group if {
	some name, value in input.environment.sign_in.groups
	group := {"name": name, "value": value}
}

deny contains denial if {
	some group in examined
	some other in examined
	group.value == other.value
	group.name > other.name
	denial := {
		"id": "ACC010",
		"message": sprintf("%s and %s are one group, '%s'", [group.name, other.name, group.value]),
		"path": ["environment", "sign_in", "groups", group.name],
	}
}
