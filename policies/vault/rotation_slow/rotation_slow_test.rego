package vault.rotation_slow_test

import data.vault.rotation_slow
import rego.v1

plan(fields) := {"vault": {"file": "p", "documents": [{"path": "database/static-roles/api", "data": fields}]}}

test_thirty_days_pass if rotation_slow.deny == set() with input as plan({"rotation_period": 2592000})

test_longer_and_none_are_denied if {
	every fields in [{"rotation_period": 2592001}, {"rotation_period": 0}, {"rotation_period": "x"}, {}] {
		denials := rotation_slow.deny with input as plan(fields)
		{denial.message | some denial in denials} == {"the password of api is not changed every 30 days"}
	}
}
