# METADATA
# title: A login accepts a token of another audience
# description: >-
#   Without an audience, any service that is shown a token of an account or of a person can log in with it in their
#   place.
# custom:
#   id: VLT006
#   severity: error
#   owner: security
#   remediation: Name the audience, which is audience for workloads and bound_audiences for people.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.audience_missing

import data.lib.vault
import rego.v1

fields := {"kubernetes": "audience", "oidc": "bound_audiences"}

examined contains role if {
	some role in vault.roles
	fields[role.type]
}

addressed(role) if count(role.data[fields[role.type]]) > 0

deny contains denial if {
	some role in examined
	not addressed(role)
	denial := {
		"id": "VLT006",
		"message": sprintf("the role %s at %s has no %s", [role.name, role.mount, fields[role.type]]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": input.vault.file,
		"pointer": role.pointer,
	}
}
