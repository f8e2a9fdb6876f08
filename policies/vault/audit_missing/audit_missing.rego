# METADATA
# title: Access to secrets leaves no trail
# description: >-
#   Without an audit device nobody can say who read which secret. With one alone, a full disk stops every login,
#   because the server does not answer a request that it cannot record.
# custom:
#   id: VLT011
#   severity: error
#   owner: security
#   remediation: >-
#     Let the compiler emit both devices, and load vault/audit.hcl into the server where its flavour asks for it.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.audit_missing

import data.lib.vault
import rego.v1

least_devices := 2

examined contains access if {
	access := input.spec.access_control.infrastructure.authorization
	access.audit == true
}

devices contains path if {
	input.vault.flavour == "vault"
	some write in vault.writes
	startswith(write.path, "sys/audit/")
	path := write.path
}

devices contains name if {
	input.vault.flavour == "openbao"
	some name in input.vault.audit
}

deny contains denial if {
	some _ in examined
	count(devices) < least_devices
	denial := {
		"id": "VLT011",
		"message": sprintf(
			"the server of secrets gets %d audit devices, and needs %d",
			[count(devices), least_devices],
		),
		"path": ["access_control", "infrastructure", "authorization", "audit"],
		"file": input.vault.file,
	}
}
