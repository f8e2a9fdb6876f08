package kubernetes.vault_unverified_test

import data.kubernetes.vault_unverified
import rego.v1

client(kind, spec) := {"file": "c.yaml", "object": {
	"kind": kind,
	"metadata": {"name": "c", "namespace": "n"},
	"spec": spec,
}}

judged(bundle, documents) := {"cluster": {"name": "a", "vault": {"ca_bundle": bundle}}, "documents": documents}

test_the_bundle_in_each_kind_passes if {
	store := client("SecretStore", {"provider": {"vault": {"caBundle": "cGVt"}}})
	issuer := client("Issuer", {"vault": {"caBundle": "cGVt"}})
	vault_unverified.deny == set() with input as judged("pem", [store, issuer])
}

test_without_a_stated_authority_the_roots_of_a_system_do if {
	vault_unverified.deny == set() with input as judged(null, [client("Issuer", {"vault": {}})])
}

test_an_issuer_of_another_kind_is_no_client if {
	vault_unverified.deny == set() with input as judged("pem", [client("Issuer", {"selfSigned": {}})])
}

test_a_client_without_it_is_denied_at_its_connection if {
	denials := vault_unverified.deny with input as judged("pem", [client("SecretStore", {"provider": {"vault": {}}})])
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/provider/vault",
		"the SecretStore c does not verify Vault by the stated authorities",
	]}
}
