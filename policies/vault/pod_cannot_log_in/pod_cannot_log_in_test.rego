package vault.pod_cannot_log_in_test

import data.vault.pod_cannot_log_in
import rego.v1

judged(role, account, audience, asked) := {
	"cluster": {"name": "a", "vault": {"kubernetes_audience": "https://k"}},
	"vault": {"documents": [
		{"path": "sys/auth/k", "data": {"type": "kubernetes"}},
		{"path": "auth/k/role/r", "data": {
			"bound_service_account_names": ["s"],
			"bound_service_account_namespaces": ["n"],
			"audience": asked,
		}},
	]},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "Pod",
		"metadata": {"name": "p", "namespace": "n"},
		"spec": {
			"serviceAccountName": account,
			"containers": [{"name": "c", "env": [{"name": "CBP_AUDIT_VAULT_LOGIN", "value": role}]}],
			"volumes": [
				{"name": "scratch", "emptyDir": {}},
				{"name": "t", "projected": {"sources": [
					{"configMap": {"name": "m"}},
					{"serviceAccountToken": {"path": "token", "audience": audience}},
				]}},
			],
		},
	}}],
}

test_a_token_for_the_api_server_and_the_role_passes if {
	pod_cannot_log_in.deny == set() with input as judged("auth/k/r", "s", "https://k", "https://k")
}

test_another_role_account_or_audience_is_denied if {
	every case in [
		["auth/k/other", "s", "https://k", "https://k"],
		["auth/k/r", "t", "https://k", "https://k"],
		["auth/k/r", "s", "vault", "vault"],
		["auth/k/r", "s", "https://k", "vault"],
		["auth/k/r", "s", "vault", "https://k"],
	] {
		denials := pod_cannot_log_in.deny with input as judged(case[0], case[1], case[2], case[3])
		{denial.message | some denial in denials} == {sprintf("the Pod p has no token that %s accepts", [case[0]])}
	}
}
