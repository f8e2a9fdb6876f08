package vault.audience_missing_test

import data.vault.audience_missing
import rego.v1

plan(kind, fields) := {"vault": {"file": "p", "documents": [
	{"path": "sys/auth/a", "data": {"type": kind}},
	{"path": "auth/a/role/b", "data": fields},
]}}

test_each_kind_of_login_has_its_own_field if {
	audience_missing.deny == set() with input as plan("kubernetes", {"audience": "vault"})
	audience_missing.deny == set() with input as plan("oidc", {"bound_audiences": ["vault"]})
}

test_an_empty_one_and_the_other_s_are_denied if {
	every case in [["kubernetes", {"audience": ""}], ["oidc", {"audience": "vault"}], ["oidc", {}]] {
		count(audience_missing.deny) == 1 with input as plan(case[0], case[1])
	}
}
