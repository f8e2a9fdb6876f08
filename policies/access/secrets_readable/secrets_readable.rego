# METADATA
# title: A role gives a right on secrets
# description: >-
#   Vault is where secrets are kept, and who reads one there is recorded. A right on Secrets in the cluster goes
#   past both, and so does the right to ask for a token of somebody else's account.
# custom:
#   id: ACC002
#   severity: error
#   owner: security
#   remediation: Take the right away; whoever needs a secret has it from Vault.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.secrets_readable

import data.lib.access
import rego.v1

examined contains right if some right in access.rights

bad(right) if {
	right.group == ""
	right.resource in {"secrets", "serviceaccounts/token"}
}

deny contains denial if {
	some right in examined
	bad(right)
	role := right.role
	denial := {
		"id": "ACC002",
		"message": sprintf("the %s %s gives '%s' on %s", [role.kind, role.name, right.verb, right.resource]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": role.file,
		"pointer": right.pointer,
	}
}
