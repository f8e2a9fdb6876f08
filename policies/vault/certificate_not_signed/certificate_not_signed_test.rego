package vault.certificate_not_signed_test

import data.vault.certificate_not_signed
import rego.v1

login := {
	"mountPath": "/v1/auth/kubernetes",
	"role": "r",
	"serviceAccountRef": {"name": "s", "audiences": ["https://kubernetes", "vault"]},
}

issuer := {"file": "i.yaml", "object": {
	"kind": "Issuer",
	"metadata": {"name": "i", "namespace": "n"},
	"spec": {"vault": {"path": "pki/sign/a", "auth": {"kubernetes": login}}},
}}

asked(fields) := {
	"vault": {"file": "plan.yaml", "documents": [
		{"path": "sys/mounts/pki", "data": {"type": "pki"}},
		{"path": "pki/roles/a", "data": {"allowed_domains": ["a.svc", "b.svc"], "max_ttl": 100}},
		{"path": "sys/auth/kubernetes", "data": {"type": "kubernetes"}},
		{"path": "auth/kubernetes/role/r", "data": {"bound_service_account_names": ["s"], "audience": "vault"}},
	]},
	"documents": [issuer, {"file": "c.yaml", "object": {
		"kind": "Certificate",
		"metadata": {"name": "c", "namespace": "n"},
		"spec": object.union(
			{"dnsNames": ["b.svc", "a.svc"], "duration": 100, "renewBefore": 99, "issuerRef": {"name": "i"}},
			fields,
		),
	}}],
}

test_every_name_of_the_role_for_as_long_as_it_signs_passes if certificate_not_signed.deny == set() with input as asked({})

test_another_name_a_longer_life_and_no_renewal_are_denied if {
	every fields in [{"dnsNames": ["c.svc"]}, {"dnsNames": []}, {"duration": 101}, {"renewBefore": 100}] {
		denials := certificate_not_signed.deny with input as asked(fields)
		{denial.message | some denial in denials} == {"Vault does not sign the Certificate c as it is asked for"}
	}
}
