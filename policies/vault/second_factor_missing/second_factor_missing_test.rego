package vault.second_factor_missing_test

import data.vault.second_factor_missing
import rego.v1

document(mfa, claims, accessor) := {
	"spec": {"access_control": {"infrastructure": {"authentication": {"mfa": mfa}}}},
	"vault": {"file": "p", "documents": [
		{"path": "sys/auth/o", "data": {"type": "oidc"}},
		{"path": "auth/o/role/r", "data": {"bound_claims": claims}},
		{"path": "identity/mfa/login-enforcement/e", "data": {
			"mfa_method_ids": [{"$ref": "identity/mfa/method/totp#/id"}],
			"auth_method_accessors": [{"$ref": accessor}],
		}},
	]},
}

test_both_factors_pass if {
	second_factor_missing.deny == set() with input as document(true, {"amr": ["mfa"]}, "sys/auth/o#/accessor")
}

test_each_that_is_missing_is_denied if {
	denials := second_factor_missing.deny with input as document(true, {}, "sys/auth/p#/accessor")
	{denial.message | some denial in denials} == {
		"the role r at o does not ask for the claim amr of the identity provider",
		"the role r at o does not ask for a factor of Vault's own",
	}
}

test_where_none_is_asked_for_none_is_missing if {
	second_factor_missing.deny == set() with input as document(false, {}, "sys/auth/p#/accessor")
}
