# METADATA
# title: Vault manages a role that the database does not have
# description: >-
#   Vault refuses a static role whose name the database does not know, and a connection as a role that cannot log
#   in; both are found when the plan is applied, which is when the old password is already void.
# custom:
#   id: VLT008
#   severity: error
#   owner: security
#   remediation: Declare the roles in the database, the managing one with a passwordSecret and the other without.
#   section: Infrastructure Security, 2. Access Control
package vault.database_role_unknown

import data.lib.kubernetes
import data.lib.vault
import rego.v1

examined contains use if {
	some role in vault.static_roles
	use := {"username": role.data.username, "given": false, "pointer": role.pointer}
}

examined contains use if {
	some write in vault.writes
	write.data.plugin_name == "postgresql-database-plugin"
	use := {"username": write.data.username, "given": true, "pointer": write.pointer}
}

# A password that is given by a Secret is not Vault's to change; Vault's own has to be given.
known(use) if {
	some item in kubernetes.objects
	item.kind == "Cluster"
	some role in item.spec.managed.roles
	role.name == use.username
	role.login == true
	is_object(object.get(role, "passwordSecret", null)) == use.given
}

deny contains denial if {
	some use in examined
	not known(use)
	denial := {
		"id": "VLT008",
		"message": sprintf("the database declares no role %s that Vault can use as it is planned", [use.username]),
		"path": ["access_control", "secrets", "storage"],
		"file": input.vault.file,
		"pointer": sprintf("%s/username", [use.pointer]),
	}
}
