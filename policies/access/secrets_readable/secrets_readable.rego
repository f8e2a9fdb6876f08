# METADATA
# title: A role gives a right on secrets
# description: >-
#   Secrets are kept in Vault, which records each reader. A right on Secrets in the cluster goes past both, and so
#   does the right to ask for a token of another account: only an operator that logs in to Vault in the place of an
#   account may have it, for that account alone. One Secret is never in Vault, a client's certificate that PostgreSQL's
#   operator makes: the account of a store that copies it may read it, and no pod may run as that account.
# custom:
#   id: ACC002
#   severity: error
#   owner: security
#   remediation: Take the right away; secrets are read from Vault.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.secrets_readable

import data.lib.access
import data.lib.kubernetes
import data.lib.stores
import data.origins
import rego.v1

examined contains right if some right in access.rights

bad(right) if {
	right.group == ""
	right.resource == "secrets"
	place := sprintf("%s %s", [right.role.file, right.pointer])
	not place in copied
	not own(right)
}

# own holds of a right to read the Secrets that PostgreSQL's operator makes for a Cluster that the same role may delete,
# and which is no Cluster of ours.
own(right) if {
	right.verb == "get"
	some other in access.rights
	other.role == right.role
	[other.group, other.resource, other.verb] == ["postgresql.cnpg.io", "clusters", "delete"]
	[cluster] := other.names
	not cluster in rendered
	made := {sprintf("%s-%s", [cluster, secret]) | some secret in ["superuser", "ca"]}
	count(right.names) > 0
	count({name | some name in right.names} - made) == 0
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
	holders := access.held_by(right.role)
	requesters := {requester | some requester in origins.token_requesters}
	count(holders - requesters) == 0
	place := sprintf("%s %s", [right.role.file, right.pointer])
}

# copied holds the places of rights to read one certificate that PostgreSQL's operator makes, by accounts that copy it.
copied contains place if {
	some right in access.rights
	right.resource == "secrets"
	count(right.names) == 1
	some made in stores.certificates
	made.namespace == right.role.namespace
	made.secret == right.names[0]
	count({verb | some other in access.rights; other.role == right.role; verb := other.verb} - {"get"}) == 0
	holders := access.held_by(right.role)
	copiers := {copier.account | some copier in stores.copiers; copier.reads == right.role.namespace}
	count((holders - copiers) | (holders & runners)) == 0
	place := sprintf("%s %s", [right.role.file, right.pointer])
}

# runners holds the accounts that pods run as.
runners contains account if {
	some pod in kubernetes.pods
	account := {
		"kind": "ServiceAccount",
		"name": object.get(pod.spec, "serviceAccountName", "default"),
		"namespace": pod.namespace,
	}
}

rendered := {cluster.name | some cluster in stores.clusters}

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
