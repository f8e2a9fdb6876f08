# METADATA
# title: A binding refers to a role that is not rendered
# description: >-
#   A binding to a role that does not exist gives nothing today. Tomorrow it gives the rights of any role that is
#   created under that name.
# custom:
#   id: ACC008
#   severity: error
#   owner: security
#   remediation: Refer to a Role that is rendered in the same namespace.
#   section: Infrastructure Security, 2. Access Control
package access.binding_without_role

import data.lib.access
import rego.v1

examined contains binding if some binding in access.bindings

rendered(binding) if {
	some role in access.roles
	role.kind == binding.role.kind
	role.name == binding.role.name
	role.namespace == binding.namespace
}

deny contains denial if {
	some binding in examined
	not rendered(binding)
	denial := {
		"id": "ACC008",
		"message": sprintf(
			"the %s %s refers to the %s '%s', which is not rendered",
			[
				binding.kind,
				binding.name,
				object.get(binding.role, "kind", "role"),
				object.get(binding.role, "name", ""),
			],
		),
		"path": ["access_control", "infrastructure", "authorization", "rbac"],
		"file": binding.file,
		"pointer": "/roleRef",
	}
}
