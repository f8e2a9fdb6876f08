package vault.store_unbacked_test

import data.vault.store_unbacked
import rego.v1

login := {"mountPath": "k", "role": "r", "serviceAccountRef": {"name": "a", "audiences": ["vault", "https://k"]}}

document(store_namespace, used) := {
	"vault": {"file": "p", "documents": [
		{"path": "sys/auth/k", "data": {"type": "kubernetes"}},
		{"path": "auth/k/role/r", "data": {"bound_service_account_names": ["a"], "audience": "vault"}},
	]},
	"documents": [
		{"file": "s", "object": {
			"kind": "SecretStore",
			"metadata": {"name": "s", "namespace": store_namespace},
			"spec": {"provider": {"vault": {"auth": {"kubernetes": used}}}},
		}},
		{"file": "e", "object": {
			"kind": "ExternalSecret",
			"metadata": {"name": "e", "namespace": "n"},
			"spec": {"secretStoreRef": {"kind": "SecretStore", "name": "s"}},
		}},
	],
}

test_a_store_that_can_log_in_passes if store_unbacked.deny == set() with input as document("n", login)

test_a_store_of_another_namespace_mount_role_account_or_audience_is_denied if {
	changes := [
		{"mountPath": "other"},
		{"role": "other"},
		{"serviceAccountRef": {"name": "b", "audiences": ["vault"]}},
		{"serviceAccountRef": {"name": "a", "audiences": ["https://k"]}},
	]
	every change in changes {
		count(store_unbacked.deny) == 1 with input as document("n", object.union(login, change))
	}
	count(store_unbacked.deny) == 1 with input as document("m", login)
}

copied(names, subject, key) := {"vault": {"file": "p", "documents": []}, "documents": [
	{"file": "d", "object": {
		"kind": "DatabaseRole",
		"metadata": {"name": "reader", "namespace": "data"},
		"spec": {"name": "reader", "cluster": {"name": "db"}, "clientCertificate": {}},
	}},
	{"file": "r", "object": {
		"kind": "Role",
		"metadata": {"name": "r", "namespace": "data"},
		"rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": names, "verbs": ["get"]}],
	}},
	{"file": "b", "object": {
		"kind": "RoleBinding",
		"metadata": {"name": "r", "namespace": "data"},
		"roleRef": {"kind": "Role", "name": "r"},
		"subjects": [{"kind": "ServiceAccount", "name": subject, "namespace": "n"}],
	}},
	{"file": "s", "object": {
		"kind": "SecretStore",
		"metadata": {"name": "s", "namespace": "n"},
		"spec": {"provider": {"kubernetes": {"remoteNamespace": "data", "auth": {"serviceAccount": {"name": "a"}}}}},
	}},
	{"file": "e", "object": {
		"kind": "ExternalSecret",
		"metadata": {"name": "e", "namespace": "n"},
		"spec": {
			"secretStoreRef": {"kind": "SecretStore", "name": "s"},
			"data": [{"secretKey": "tls.crt", "remoteRef": {"key": key}}],
		},
	}},
]}

test_a_copy_of_a_certificate_that_the_account_may_read_passes if {
	certificate := "reader-client-cert"
	store_unbacked.deny == set() with input as copied([certificate], "a", certificate)
	every document in [copied([], "a", certificate), copied([certificate], "b", certificate), copied(["c"], "a", "c")] {
		count(store_unbacked.deny) == 1 with input as document
	}
}
