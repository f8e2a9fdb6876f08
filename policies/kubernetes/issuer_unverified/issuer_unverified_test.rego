package kubernetes.issuer_unverified_test

import data.kubernetes.issuer_unverified
import rego.v1

judged(people, workloads, held, variables, vault) := {
	"environment": {"sign_in": {"issuer": "https://sso", "ca_bundle": people}},
	"cluster": {"name": "a", "workloads": workloads},
	"vault": {"file": "p", "documents": [{"path": "auth/o/config", "data": vault}]},
	"documents": [
		{"file": "m.yaml", "object": {
			"kind": "ConfigMap",
			"metadata": {"name": "m", "namespace": "n"},
			"data": {"issuers.crt": held},
		}},
		{"file": "d.yaml", "object": {
			"kind": "Pod",
			"metadata": {"name": "d", "namespace": "n"},
			"spec": {"containers": [{"name": "api", "env": [{"name": name, "value": "v"} | some name in variables]}]},
		}},
	],
}

both := ["CBP_DATABASE_URL", "CBP_ISSUER_CA_FILE"]

at_sso := {"oidc_discovery_url": "https://sso", "oidc_discovery_ca_pem": "one"}

test_every_issuer_that_is_stated_is_known if {
	workloads := {"issuer": "https://k", "ca_bundle": "two\n"}
	issuer_unverified.deny == set() with input as judged("one\n", workloads, "one\ntwo\n", both, at_sso)
	count(issuer_unverified.examined) == 3 with input as judged("one\n", workloads, "one\ntwo\n", both, at_sso)
}

test_without_a_stated_authority_the_roots_of_a_system_do if {
	issuer_unverified.examined == set() with input as judged(null, null, "", ["CBP_DATABASE_URL"], at_sso)
}

test_each_that_does_not_know_it_is_named if {
	denials := issuer_unverified.deny with input as judged("one", null, "one", ["CBP_DATABASE_URL"], {"oidc_discovery_url": "https://sso"})
	{denial.message | some denial in denials} == {
		"api does not verify https://sso by the stated authorities",
		"auth/o/config does not verify https://sso by the stated authorities",
	}
}

test_the_authority_of_workloads_is_stated_in_their_cluster if {
	denials := issuer_unverified.deny with input as judged(null, {"issuer": "https://k", "ca_bundle": "two"}, "one", both, {})
	{denial.path | some denial in denials} == {["environment", "clusters", "a", "workloads", "ca_bundle"]}
}
