package lib.vault_test

import data.lib.vault
import rego.v1

plan := {"vault": {"documents": [
	{"path": "sys/auth/a", "data": {"type": "oidc"}},
	{"path": "auth/a/role/people", "data": {"role_type": "oidc"}},
	{"path": "auth/b/role/nobody", "data": {}},
	{"path": "auth/a/config", "data": {}},
	{"path": "database/static-roles/api", "data": {"username": "u"}},
	{"path": "database/config/db", "data": {}},
	{"path": "sys/mounts/pki", "data": {"type": "pki"}},
	{"path": "sys/mounts/pki/tune", "data": {"max_lease_ttl": 1}},
	{"path": "pki/roles/server", "data": {"max_ttl": 1}},
	{"path": "database/roles/other", "data": {}},
]}}

test_a_role_knows_its_mount_and_what_is_mounted_there if {
	roles := vault.roles with input as plan
	{[role.name, role.mount, role.type, role.pointer] | some role in roles} == {
		["people", "a", "oidc", "/documents/1/data"],
		["nobody", "b", "", "/documents/2/data"],
	}
}

test_a_signing_role_is_one_of_an_authority if {
	roles := vault.signing_roles with input as plan
	{[role.mount, role.name, role.pointer] | some role in roles} == {["pki", "server", "/documents/8/data"]}
}

test_a_static_role_knows_its_engine if {
	roles := vault.static_roles with input as plan
	{[role.mount, role.name, role.data.username] | some role in roles} == {["database", "api", "u"]}
}
