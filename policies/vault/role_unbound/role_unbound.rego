# METADATA
# title: A role lets any account in
# description: >-
#   A role that is bound to no account or namespace, or to all of them, gives its secrets to every pod of the
#   cluster; one that is bound to an account that is not rendered is open to any account that is created under that
#   name.
# custom:
#   id: VLT005
#   severity: error
#   owner: security
#   remediation: Bind the role to one account that is rendered, in its namespace.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.role_unbound

import data.lib.kubernetes
import data.lib.vault
import rego.v1

examined contains role if {
	some role in vault.roles
	role.type == "kubernetes"
}

bound(role) if {
	some item in kubernetes.objects
	item.kind == "ServiceAccount"
	role.data.bound_service_account_names == [item.name]
	role.data.bound_service_account_namespaces == [item.namespace]
}

deny contains denial if {
	some role in examined
	not bound(role)
	denial := {
		"id": "VLT005",
		"message": sprintf("the role %s at %s is not bound to one account that is rendered", [role.name, role.mount]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": input.vault.file,
		"pointer": role.pointer,
	}
}
