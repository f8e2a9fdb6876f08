# METADATA
# title: A password is in use for too long
# description: A stolen password can be used until it changes. After thirty days it is worthless.
# custom:
#   id: VLT003
#   severity: error
#   owner: security
#   remediation: Rotate at least every 30 days.
#   section: Infrastructure Security, 2. Access Control
package vault.rotation_slow

import data.lib.units
import data.lib.vault
import data.thresholds.vault.longest_rotation_seconds
import rego.v1

examined contains role if some role in vault.static_roles

soon(role) if {
	is_number(role.data.rotation_period)
	role.data.rotation_period > 0
	role.data.rotation_period <= longest_rotation_seconds
}

deny contains denial if {
	some role in examined
	not soon(role)
	denial := {
		"id": "VLT003",
		"message": sprintf(
			"the password of %s is not changed every %s",
			[role.name, units.seconds(longest_rotation_seconds)],
		),
		"path": ["access_control", "secrets", "rotation", "schedule"],
		"file": input.vault.file,
		"pointer": sprintf("%s/rotation_period", [role.pointer]),
	}
}
