# METADATA
# title: People sign in with one factor
# description: >-
#   The specification asks for several factors. A stolen password opens a role that does not ask the identity
#   provider for its word on them (the claim amr), and a stolen session one on which Vault asks for no factor of its
#   own.
# custom:
#   id: VLT012
#   severity: error
#   owner: security
#   remediation: Bind every role of people to the claim amr, and enforce a method on its mount.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.second_factor_missing

import data.lib.vault
import rego.v1

# What a role of people has to ask for, as messages say it.
vouching := "the claim amr of the identity provider"

enforcing := "a factor of Vault's own"

examined contains need if {
	input.spec.access_control.infrastructure.authentication.mfa == true
	some role in vault.roles
	role.type == "oidc"
	some what in [vouching, enforcing]
	need := {"role": role, "what": what}
}

met(need) if {
	need.what == vouching
	count(need.role.data.bound_claims.amr) > 0
}

met(need) if {
	need.what == enforcing
	some write in vault.writes
	startswith(write.path, "identity/mfa/login-enforcement/")
	count(write.data.mfa_method_ids) > 0
	some accessor in write.data.auth_method_accessors
	accessor["$ref"] == sprintf("sys/auth/%s#/accessor", [need.role.mount])
}

deny contains denial if {
	some need in examined
	not met(need)
	denial := {
		"id": "VLT012",
		"message": sprintf("the role %s at %s does not ask for %s", [need.role.name, need.role.mount, need.what]),
		"path": ["access_control", "infrastructure", "authentication", "mfa"],
		"file": input.vault.file,
		"pointer": need.role.pointer,
	}
}
