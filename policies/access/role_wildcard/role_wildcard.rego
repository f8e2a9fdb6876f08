# METADATA
# title: A role gives rights by a wildcard
# description: >-
#   A wildcard gives every resource and verb that exists today, and those that the next operator brings. Nobody who
#   granted it has read that list.
# custom:
#   id: ACC001
#   severity: error
#   owner: security
#   remediation: List the API groups, resources and verbs that are needed.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.role_wildcard

import data.lib.access
import rego.v1

examined contains right if some right in access.rights

bad(right) if "*" in {right.group, right.resource, right.verb}

bad(right) if startswith(right.resource, "*/")

deny contains denial if {
	some right in examined
	bad(right)
	role := right.role
	denial := {
		"id": "ACC001",
		"message": sprintf(
			"the %s %s gives '%s' on '%s' of '%s'",
			[role.kind, role.name, right.verb, right.resource, right.group],
		),
		"path": ["access_control", "infrastructure", "principle"],
		"file": role.file,
		"pointer": right.pointer,
	}
}
