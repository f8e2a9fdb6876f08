# METADATA
# title: A secret is never rotated, and nobody has said why
# description: >-
#   A password that an engine of Vault rotates is worthless after thirty days. One that people change is as old as their
#   memory: it stands on a closed list, with the reason, an owner and the procedure.
# custom:
#   id: VLT015
#   severity: error
#   owner: security
#   remediation: Let an engine of Vault rotate it, or add it to policies/unrotated/data.yaml with the procedure.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.secret_never_rotated

import data.lib.kubernetes
import data.lib.stores
import data.lib.vault
import data.unrotated
import rego.v1

examined contains secret if {
	some item in kubernetes.objects
	item.kind == "ExternalSecret"
	some index, entry in item.spec.data
	secret := {
		"title": sprintf("%s of the Secret %s", [entry.secretKey, item.name]),
		"mount": mount(item),
		"namespace": item.namespace,
		"store": object.get(item.spec, ["secretStoreRef", "name"], ""),
		"key": entry.remoteRef.key,
		"property": object.get(entry.remoteRef, "property", ""),
		"file": item.file,
		"pointer": sprintf("/spec/data/%d/remoteRef/key", [index]),
	}
}

examined contains secret if {
	some index, document in input.vault.documents
	some position, field in object.get(document, "writeOnly", [])
	secret := {
		"title": sprintf("%s of %s", [field, document.path]),
		"given": field,
		"file": input.vault.file,
		"pointer": sprintf("/documents/%d/writeOnly/%d", [index, position]),
	}
}

mount(item) := path if {
	some store in kubernetes.of("SecretStore", item.namespace)
	store.name == item.spec.secretStoreRef.name
	path := store.spec.provider.vault.path
} else := ""

# The period of a static role is judged by VLT003.
known(secret) if {
	some role in vault.static_roles
	role.mount == secret.mount
	secret.key == sprintf("static-creds/%s", [role.name])
}

# A certificate is public.
known(secret) if {
	vault.mounts[sprintf("sys/mounts/%s", [secret.mount])] == "pki"
	secret.property == "certificate"
}

known(secret) if {
	vault.mounts[sprintf("sys/mounts/%s", [secret.mount])] == "kv"
	parts := split(secret.key, "/")
	explained(unrotated.kept[parts[count(parts) - 1]])
}

# PostgreSQL's operator renews the certificates that it makes.
known(secret) if {
	some made in stores.certificates
	secret.key == made.secret
	some copier in stores.copiers
	copier.store == secret.store
	copier.account.namespace == secret.namespace
	copier.reads == made.namespace
}

known(secret) if explained(unrotated.given[secret.given])

explained(entry) if {
	every field in ["reason", "owner", "procedure"] {
		count(entry[field]) > 0
	}
}

deny contains denial if {
	some secret in examined
	not known(secret)
	denial := {
		"id": "VLT015",
		"message": sprintf("%s is rotated by no engine, and is not on the list of those that people change", [secret.title]),
		"path": ["access_control", "secrets", "rotation"],
		"file": secret.file,
		"pointer": secret.pointer,
	}
}
