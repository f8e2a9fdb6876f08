# METADATA
# title: An ExternalSecret has no store that can log in to Vault
# description: >-
#   An ExternalSecret without its store, or with a store whose role Vault does not have, never becomes a Secret; the
#   pods that mount it wait for ever.
# custom:
#   id: VLT009
#   severity: error
#   owner: security
#   remediation: Render the store in the same namespace, with a mount and a role of the plan.
#   section: Infrastructure Security, 2. Access Control
package vault.store_unbacked

import data.lib.kubernetes
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

deny contains denial if {
	some item in examined
	not backed(item)
	denial := {
		"id": "VLT009",
		"message": sprintf("the ExternalSecret %s has no store that can log in to Vault", [item.name]),
		"path": ["access_control", "secrets", "storage"],
		"file": item.file,
		"pointer": "/spec/secretStoreRef",
	}
}
