# METADATA
# title: A client of Vault does not know its authority
# description: >-
#   Where the environment states the authorities that sign the certificate of Vault, each client verifies it by them
#   alone. A client without them trusts the roots of its own image: it is refused, and no Secret is ever read.
# custom:
#   id: K8S040
#   severity: error
#   owner: security
#   remediation: Give the client the bundle of vault.ca_bundle.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package kubernetes.vault_unverified

import data.lib.kubernetes
import rego.v1

# The place of the connection in each kind of object that connects to Vault.
places := {
	"ClusterIssuer": ["vault"],
	"ClusterSecretStore": ["provider", "vault"],
	"Issuer": ["vault"],
	"SecretStore": ["provider", "vault"],
}

examined contains client if {
	some item in kubernetes.objects
	place := places[item.kind]
	vault := object.get(item.spec, place, null)
	is_object(vault)
	client := {
		"file": item.file,
		"kind": item.kind,
		"name": item.name,
		"length": count(object.get(vault, "caBundle", "")),
		"pointer": concat("/", array.concat(["", "spec"], place)),
	}
}

# A pod of ours reads them from a file, which holds those of the statement or nothing.
examined contains client if {
	some pod in kubernetes.pods
	some container in pod.spec.containers
	variables := {variable.name | some variable in object.get(container, "env", [])}
	"CBP_AUDIT_VAULT_URL" in variables
	client := {
		"file": pod.file,
		"kind": pod.kind,
		"name": pod.name,
		"length": length * count(variables & {"CBP_AUDIT_VAULT_AUTHORITY_FILE"}),
		"pointer": pod.pointer,
	}
}

default authorities := ""

authorities := text if {
	text := input.cluster.vault.ca_bundle
	is_string(text)
}

# Base64 has four characters for three bytes, which tells this bundle from that of another server.
padded := count(authorities) + 2

length := (4 * (padded - (padded % 3))) / 3

deny contains denial if {
	some client in examined
	client.length != length
	denial := {
		"id": "K8S040",
		"message": sprintf("the %s %s does not verify Vault by the stated authorities", [client.kind, client.name]),
		"path": ["environment", "clusters", input.cluster.name, "vault", "ca_bundle"],
		"file": client.file,
		"pointer": client.pointer,
	}
}
