package vault.token_long_lived_test

import data.vault.token_long_lived
import rego.v1

plan(fields) := {"vault": {"file": "p", "documents": [{"path": "auth/a/role/b", "data": fields}]}}

test_a_short_login_passes if {
	token_long_lived.deny == set() with input as plan({"token_ttl": 1800, "token_max_ttl": 3600})
}

test_each_bound_that_is_missing_or_too_long_is_denied if {
	denials := token_long_lived.deny with input as plan({"token_ttl": "soon"})
	{denial.message | some denial in denials} == {
		"the token_ttl of the role b at a is not from 1 to 1800 seconds",
		"the token_max_ttl of the role b at a is not from 1 to 3600 seconds",
	}
}
