# METADATA
# title: An ExternalSecret has no store that can read it
# description: >-
#   An ExternalSecret without its store, with a store whose role Vault does not have, or with one that has no right to
#   the Secret of the cluster that it copies, never becomes a Secret; the pods that mount it wait for ever.
# custom:
#   id: VLT009
#   severity: error
#   owner: security
#   remediation: Render the store in the same namespace, with a mount and a role of the plan, or with a Role for the one Secret.
#   section: Infrastructure Security, 2. Access Control
package vault.store_unbacked

import data.lib.access
import data.lib.kubernetes
import data.lib.stores
import data.lib.vault
import rego.v1

examined contains item if {
	some item in kubernetes.objects
	item.kind == "ExternalSecret"
}

backed(item) if {
	reference := item.spec.secretStoreRef
	some store in kubernetes.of(reference.kind, item.namespace)
	store.name == reference.name
	login := store.spec.provider.vault.auth.kubernetes
	some role in vault.roles
	role.mount == login.mountPath
	role.name == login.role
	role.data.bound_service_account_names == [login.serviceAccountRef.name]
	role.data.audience in login.serviceAccountRef.audiences
}

# A copy of Secrets that PostgreSQL's operator makes in another namespace, and that the store's account may read.
backed(item) if {
	some copier in stores.copiers
	copier.store == item.spec.secretStoreRef.name
	copier.account.namespace == item.namespace
	wanted := {entry.remoteRef.key | some entry in item.spec.data}
	made := {certificate.secret | some certificate in stores.certificates; certificate.namespace == copier.reads}
	allowed := {name |
		some right in access.rights
		right.resource == "secrets"
		right.verb == "get"
		right.role.namespace == copier.reads
		some binding in access.bindings
		binding.namespace == copier.reads
		binding.role.name == right.role.name
		copier.account in binding.subjects
		some name in right.names
	}
	count(wanted - (made & allowed)) == 0
}

deny contains denial if {
	some item in examined
	not backed(item)
	denial := {
		"id": "VLT009",
		"message": sprintf("the ExternalSecret %s has no store that can read it", [item.name]),
		"path": ["access_control", "secrets", "storage"],
		"file": item.file,
		"pointer": "/spec/secretStoreRef",
	}
}
