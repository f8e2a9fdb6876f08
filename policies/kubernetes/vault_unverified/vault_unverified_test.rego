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

pod(variables) := client("Pod", {"containers": [{"name": "c", "env": [{"name": name, "value": "v"} | some name in variables]}]})

test_a_pod_has_them_as_a_file if {
	named := ["CBP_AUDIT_VAULT_URL", "CBP_AUDIT_VAULT_AUTHORITY_FILE"]
	vault_unverified.deny == set() with input as judged("pem", [pod(named)])
	vault_unverified.deny == set() with input as judged(null, [pod(["CBP_AUDIT_VAULT_URL"])])
	count(vault_unverified.deny) == 1 with input as judged("pem", [pod(["CBP_AUDIT_VAULT_URL"])])
}
