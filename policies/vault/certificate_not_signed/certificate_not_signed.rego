# METADATA
# title: A certificate that Vault does not sign
# description: >-
#   A Certificate whose issuer cannot log in, or whose names and length its role does not sign, is never made: the store
#   that needs it does not start, or stops when the last one has ended.
# custom:
#   id: VLT014
#   severity: error
#   owner: security
#   remediation: Render the issuer in the same namespace, for a role of the plan that signs these names for this long.
#   section: Infrastructure Security, 2. Access Control
package vault.certificate_not_signed

import data.lib.kubernetes
import data.lib.vault
import rego.v1

examined contains item if {
	some item in kubernetes.objects
	item.kind == "Certificate"
}

# The issuers of a certificate that can log in to Vault.
issuers(item) := {issuer |
	some issuer in kubernetes.of("Issuer", item.namespace)
	issuer.name == item.spec.issuerRef.name
	login := issuer.spec.vault.auth.kubernetes
	some role in vault.roles
	login.mountPath == sprintf("/v1/auth/%s", [role.mount])
	role.name == login.role
	role.data.bound_service_account_names == [login.serviceAccountRef.name]
	role.data.audience in login.serviceAccountRef.audiences
}

signed(item) if {
	some issuer in issuers(item)
	some role in vault.signing_roles
	issuer.spec.vault.path == sprintf("%s/sign/%s", [role.mount, role.name])
	names := {name | some name in item.spec.dnsNames}
	count(names) > 0
	count(names - {name | some name in role.data.allowed_domains}) == 0
	item.spec.duration <= role.data.max_ttl
	item.spec.renewBefore < item.spec.duration
}

deny contains denial if {
	some item in examined
	not signed(item)
	denial := {
		"id": "VLT014",
		"message": sprintf("Vault does not sign the Certificate %s as it is asked for", [item.name]),
		"path": ["access_control", "secrets", "storage"],
		"file": item.file,
		"pointer": "/spec",
	}
}
