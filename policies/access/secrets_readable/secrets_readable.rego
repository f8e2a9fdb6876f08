# METADATA
# title: A role gives a right on secrets
# description: >-
#   Secrets are kept in Vault, which records each reader. A right on Secrets in the cluster goes past both, and so
#   does the right to ask for a token of another account: only an operator that logs in to Vault in the place of an
#   account may have it, for that account alone.
# custom:
#   id: ACC002
#   severity: error
#   owner: security
#   remediation: Take the right away; secrets are read from Vault.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.secrets_readable

import data.lib.access
import data.origins
import rego.v1

examined contains right if some right in access.rights

bad(right) if {
	right.group == ""
	right.resource == "secrets"
}

bad(right) if {
	right.group == ""
	right.resource == "serviceaccounts/token"
	place := sprintf("%s %s", [right.role.file, right.pointer])
	not place in lent
}

# lent holds the places of rights to a token of one account that are given to operators and to nobody else.
lent contains place if {
	some right in access.rights
	right.resource == "serviceaccounts/token"
	count(right.names) == 1
	holders := {subject |
		some binding in access.bindings
		binding.namespace == right.role.namespace
		binding.role.name == right.role.name
		some subject in binding.subjects
	}
	requesters := {requester | some requester in origins.token_requesters}
	count(holders - requesters) == 0
	place := sprintf("%s %s", [right.role.file, right.pointer])
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
