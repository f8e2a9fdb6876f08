package vault.secret_never_rotated_test

import data.vault.secret_never_rotated
import rego.v1

object_of(kind, name, spec) := {"file": kind, "object": {
	"kind": kind,
	"metadata": {"name": name, "namespace": "n"},
	"spec": spec,
}}

documents := [
	{"path": "sys/mounts/cbp", "data": {"type": "kv"}, "writeOnly": []},
	{"path": "sys/mounts/pki", "data": {"type": "pki"}, "writeOnly": []},
	{"path": "database/static-roles/api", "data": {}, "writeOnly": []},
]

reading(path, key, property) := {
	"vault": {"file": "p.yaml", "documents": documents},
	"documents": [
		object_of("SecretStore", "s", {"provider": {"vault": {"path": path}}}),
		object_of("ExternalSecret", "e", {
			"secretStoreRef": {"name": "s"},
			"data": [{"secretKey": "k", "remoteRef": {"key": key, "property": property}}],
		}),
	],
}

test_what_an_engine_rotates_and_what_is_listed_pass if {
	every read in [
		["database", "static-creds/api", "password"],
		["pki", "issuer/root/json", "certificate"],
		["cbp", "production/cache", "password"],
	] {
		secret_never_rotated.deny == set() with input as reading(read[0], read[1], read[2])
	}
}

test_others_are_denied_at_their_places if {
	every read in [
		["database", "static-creds/other", "password"],
		["pki", "issue/role", "private_key"],
		["cbp", "production/other", "password"],
		["elsewhere", "production/cache", "password"],
	] {
		denials := secret_never_rotated.deny with input as reading(read[0], read[1], read[2])
		{[denial.file, denial.pointer] | some denial in denials} == {["ExternalSecret", "/spec/data/0/remoteRef/key"]}
	}
}

test_a_store_that_is_not_there_rotates_nothing if {
	whole := reading("cbp", "production/cache", "password")
	alone := object.union(whole, {"documents": [whole.documents[1]]})
	count(secret_never_rotated.deny) == 1 with input as alone
}

given(field) := {"documents": [], "vault": {"file": "p.yaml", "documents": [{
	"path": "auth/a/config",
	"data": {},
	"writeOnly": [field],
}]}}

test_a_given_value_is_denied_unless_it_is_listed if {
	secret_never_rotated.deny == set() with input as given("oidc_client_secret")
	denials := secret_never_rotated.deny with input as given("token")
	{denial.pointer | some denial in denials} == {"/documents/0/writeOnly/0"}
}

copied(key, reads) := {"vault": {"file": "p", "documents": []}, "documents": [
	{"file": "d", "object": {
		"kind": "DatabaseRole",
		"metadata": {"name": "reader", "namespace": "data"},
		"spec": {"name": "reader", "cluster": {"name": "db"}, "clientCertificate": {}},
	}},
	{"file": "s", "object": {
		"kind": "SecretStore",
		"metadata": {"name": "s", "namespace": "n"},
		"spec": {"provider": {"kubernetes": {"remoteNamespace": reads, "auth": {"serviceAccount": {"name": "a"}}}}},
	}},
	{"file": "e", "object": {
		"kind": "ExternalSecret",
		"metadata": {"name": "e", "namespace": "n"},
		"spec": {
			"secretStoreRef": {"kind": "SecretStore", "name": "s"},
			"data": [{"secretKey": "tls.key", "remoteRef": {"key": key}}],
		},
	}},
]}

test_the_operator_renews_the_certificates_that_it_makes_and_nothing_else if {
	secret_never_rotated.deny == set() with input as copied("reader-client-cert", "data")
	every document in [copied("db-ca", "data"), copied("reader-client-cert", "elsewhere")] {
		count(secret_never_rotated.deny) == 1 with input as document
	}
}
