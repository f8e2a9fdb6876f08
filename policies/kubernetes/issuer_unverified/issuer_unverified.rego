# METADATA
# title: Whoever trusts an issuer of tokens does not know its authority
# description: >-
#   Where the environment states the authorities that sign the certificate of an issuer, the pods of the API fetch its keys
#   under them, and Vault does. One without them trusts the roots of its own image: it is refused, and nobody signs in.
# custom:
#   id: K8S049
#   severity: error
#   owner: security
#   remediation: Give the API's pods a file with the bundles of sign_in and workloads, and Vault that of sign_in.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package kubernetes.issuer_unverified

import data.lib.kubernetes
import data.lib.vault
import rego.v1

stated contains issuer if {
	sign_in := input.environment.sign_in
	is_string(sign_in.ca_bundle)
	issuer := {"statement": ["environment", "sign_in", "ca_bundle"], "url": sign_in.issuer, "bundle": trim_space(sign_in.ca_bundle)}
}

stated contains issuer if {
	workloads := input.cluster.workloads
	is_string(workloads.ca_bundle)
	statement := ["environment", "clusters", input.cluster.name, "workloads", "ca_bundle"]
	issuer := {"statement": statement, "url": workloads.issuer, "bundle": trim_space(workloads.ca_bundle)}
}

# Pods that serve verify tokens of every issuer.
examined contains client if {
	some issuer in stated
	some container in kubernetes.containers
	variables := {variable.name | some variable in object.get(container.fields, "env", [])}
	"CBP_DATABASE_URL" in variables
	client := {
		"issuer": issuer,
		"who": container.name,
		"file": container.file,
		"pointer": container.pointer,
		"known": {issuer.bundle |
			"CBP_ISSUER_CA_FILE" in variables
			some text in texts[container.namespace]
			contains(text, issuer.bundle)
		},
	}
}

# Vault signs people in at their issuer.
examined contains client if {
	some issuer in stated
	some write in vault.writes
	object.get(write.data, "oidc_discovery_url", "") == issuer.url
	client := {
		"issuer": issuer,
		"who": write.path,
		"file": input.vault.file,
		"pointer": write.pointer,
		"known": {trim_space(object.get(write.data, "oidc_discovery_ca_pem", ""))},
	}
}

# texts holds the texts of the ConfigMaps of each namespace.
texts[namespace] contains text if {
	some document in input.documents
	document.object.kind == "ConfigMap"
	namespace := document.object.metadata.namespace
	some text in document.object.data
}

verified(client) if client.issuer.bundle in client.known

deny contains denial if {
	some client in examined
	not verified(client)
	denial := {
		"id": "K8S049",
		"message": sprintf("%s does not verify %s by the stated authorities", [client.who, client.issuer.url]),
		"path": client.issuer.statement,
		"file": client.file,
		"pointer": client.pointer,
	}
}
