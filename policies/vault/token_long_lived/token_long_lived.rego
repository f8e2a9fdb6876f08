# METADATA
# title: A login to Vault lives too long
# description: >-
#   A token that was stolen is good for as long as it lives. One without a bound of its own lives as long as the
#   server allows, which is a month by default.
# custom:
#   id: VLT002
#   severity: error
#   owner: security
#   remediation: Give the role a token_ttl and a token_max_ttl within the thresholds.
#   section: Infrastructure Security, 2. Access Control
package vault.token_long_lived

import data.lib.vault
import data.thresholds.vault.longest_token_seconds
import rego.v1

examined contains lifetime if {
	some role in vault.roles
	some field, longest in longest_token_seconds
	lifetime := {"role": role, "field": field, "longest": longest, "seconds": object.get(role.data, field, 0)}
}

bounded(lifetime) if {
	is_number(lifetime.seconds)
	lifetime.seconds > 0
	lifetime.seconds <= lifetime.longest
}

deny contains denial if {
	some lifetime in examined
	not bounded(lifetime)
	denial := {
		"id": "VLT002",
		"message": sprintf(
			"the %s of the role %s at %s is not from 1 to %d seconds",
			[lifetime.field, lifetime.role.name, lifetime.role.mount, lifetime.longest],
		),
		"path": ["access_control", "infrastructure", "principle"],
		"file": input.vault.file,
		"pointer": lifetime.role.pointer,
	}
}
