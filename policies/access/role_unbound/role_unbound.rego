# METADATA
# title: A role has no binding
# description: >-
#   A role without a binding is a right that waits for the next binding of its name; more often its binding is
#   misspelt, and somebody lacks a right that the specification gives.
# custom:
#   id: ACC007
#   severity: error
#   owner: security
#   remediation: Bind the role in its own namespace, or take it away.
#   section: Infrastructure Security, 2. Access Control
package access.role_unbound

import data.lib.access
import rego.v1

examined contains role if some role in access.roles

bound(role) if {
	some binding in access.bindings
	binding.namespace == role.namespace
	binding.role.kind == role.kind
	binding.role.name == role.name
	count(binding.subjects) > 0
}

deny contains denial if {
	some role in examined
	not bound(role)
	denial := {
		"id": "ACC007",
		"message": sprintf("the %s %s of %s is given to nobody", [role.kind, role.name, role.namespace]),
		"path": ["access_control", "infrastructure", "authorization", "rbac"],
		"file": role.file,
		"pointer": "/metadata/name",
	}
}
