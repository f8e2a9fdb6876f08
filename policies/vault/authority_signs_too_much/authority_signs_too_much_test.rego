package vault.authority_signs_too_much_test

import data.vault.authority_signs_too_much
import rego.v1

narrow := {
	"allowed_domains": ["a.svc"],
	"allow_ip_sans": false,
	"allow_localhost": false,
	"allow_wildcard_certificates": false,
	"max_ttl": 7776000,
}

plan(data) := {"vault": {"file": "plan.yaml", "documents": [
	{"path": "sys/mounts/pki", "data": {"type": "pki"}},
	{"path": "pki/roles/a", "data": data},
	{"path": "sys/mounts/other", "data": {"type": "kv"}},
	{"path": "other/roles/a", "data": {}},
]}}

test_a_role_of_its_own_names_passes if authority_signs_too_much.deny == set() with input as plan(narrow)

test_what_is_left_to_a_default_is_denied if {
	denials := authority_signs_too_much.deny with input as plan({})
	{denial.message | some denial in denials} == {
		"the role a at pki: allow_ip_sans is not false",
		"the role a at pki: allow_localhost is not false",
		"the role a at pki: allow_wildcard_certificates is not false",
		"the role a at pki: allowed_domains names nothing",
		"the role a at pki: max_ttl is not from 1 to 31622400 seconds",
	}
}

test_every_name_and_every_length_are_denied if {
	wide := object.union(narrow, {"allow_any_name": true, "max_ttl": 315360000})
	denials := authority_signs_too_much.deny with input as plan(wide)
	{denial.message | some denial in denials} == {
		"the role a at pki: allow_any_name is not false",
		"the role a at pki: max_ttl is not from 1 to 31622400 seconds",
	}
}
