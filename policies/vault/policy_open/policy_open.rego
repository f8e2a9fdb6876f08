# METADATA
# title: A policy reaches further than its paths say
# description: >-
#   A wildcard gives rights to secrets that nobody has written yet, and sudo and deny are for the operators of the
#   server. Least privilege is a list of paths that can be read.
# custom:
#   id: VLT001
#   severity: error
#   owner: security
#   remediation: Name each path, and give it the capabilities that its reader needs.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.policy_open

import rego.v1

# What an exact path may be given.
ordinary := {"create", "read", "update", "patch", "list", "delete"}

examined contains grant if some grant in input.vault.grants

open(grant) if regex.match(`[*+]`, grant.path)

open(grant) if count(grant.capabilities) == 0

open(grant) if {
	some capability in grant.capabilities
	not capability in ordinary
}

deny contains denial if {
	some grant in examined
	open(grant)
	denial := {
		"id": "VLT001",
		"message": sprintf(
			"the policy %s gives %s at %s",
			[grant.policy, concat(", ", grant.capabilities), grant.path],
		),
		"path": ["access_control", "infrastructure", "principle"],
		"file": input.vault.file,
		"pointer": grant.pointer,
	}
}
